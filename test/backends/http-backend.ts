/**
 * An HTTP backend that answers with what it was asked, in JSON. HTTP/1.1 and HTTP/2 share the port: in plaintext by how the client
 * begins (prior knowledge), under TLS by ALPN. The query, or a header `x-echo-NAME`, asks for more:
 *   status=503      that status                    delay=100       an answer that late, in milliseconds
 *   size=1000       a body of that many bytes      header=a:b      a header of the answer; may be repeated
 *   events=5        a stream of that many server-sent events, `interval=20` milliseconds apart
 * A WebSocket is echoed message by message, after a first one with the backend's name.
 */
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import type { TLSSocket } from "node:tls";
import { listenOnLoopback, OpenConnections } from "./backend.ts";
import type { Backend, BackendOptions, BackendTls } from "./backend.ts";
import { HttpProtocols } from "./http-protocols.ts";
import type { Incoming, Outgoing } from "./http-protocols.ts";
import { tlsOptions } from "./tls-options.ts";
import { serveWebSocket } from "./websocket-echo.ts";

export interface HttpBackendOptions extends BackendOptions {
  readonly tls?: BackendTls;
}

/** The body of an answer. */
export interface Echo {
  readonly backend: string;
  readonly method: string;
  /** With the query, as it arrived. */
  readonly path: string;
  /** The `Host` header or `:authority`. */
  readonly host: string;
  readonly protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2.0";
  /** Names in lower case; without HTTP/2's pseudo headers. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  /** Under TLS: the name that the client asked for, and the common name of its certificate. */
  readonly tls?: { readonly serverName: string; readonly clientName?: string };
}

const MAX_SIZE = 64 * 1024 * 1024;

export async function startHttpBackend(options: HttpBackendOptions): Promise<Backend> {
  let requests = 0;
  let isClosing = false;
  const serve = (incoming: Incoming, outgoing: Outgoing): void => {
    requests += 1;
    if (isClosing && incoming.httpVersionMajor === 1) outgoing.setHeader("connection", "close");
    // A client may go away at any time.
    answer(options.name, incoming, outgoing).catch(() => outgoing.destroy());
  };
  const protocols = new HttpProtocols(serve, (request, connection) => {
    requests += 1;
    serveWebSocket(options.name, request, connection);
  });
  const server = options.tls ? createTlsServer(tlsOptions(options.tls, ["h2", "http/1.1"])) : createTcpServer();
  const open = new OpenConnections(server);
  const take = (connection: Socket): void => protocols.take(connection);
  server.on(options.tls ? "secureConnection" : "connection", take);
  const port = await listenOnLoopback(server, options.port);
  const askToGo = (): void => {
    isClosing = true;
    protocols.askToGo();
  };
  return {
    name: options.name,
    port,
    get requests() {
      return requests;
    },
    close: ({ graceMs = 0 } = {}) => open.close(graceMs, askToGo),
  };
}

async function answer(backend: string, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const wish = wishesOf(incoming);
  const body = await bodyOf(incoming);
  const delayMs = Number(wish("delay")[0] ?? 0);
  if (delayMs > 0) await delay(delayMs);
  outgoing.statusCode = Number(wish("status")[0] ?? 200);
  outgoing.setHeader("x-backend", backend);
  for (const header of wish("header")) {
    const [name = "", ...value] = header.split(":");
    outgoing.setHeader(name, value.join(":"));
  }
  const events = Number(wish("events")[0] ?? 0);
  if (events > 0) {
    await sendEvents(backend, outgoing, events, Number(wish("interval")[0] ?? 20));
    return;
  }
  const size = wish("size")[0];
  if (size !== undefined) {
    outgoing.end(Buffer.alloc(Math.min(MAX_SIZE, Number(size)), "x"));
    return;
  }
  outgoing.setHeader("content-type", "application/json");
  outgoing.end(JSON.stringify(echoOf(backend, incoming, body)));
}

function wishesOf(incoming: Incoming): (name: string) => readonly string[] {
  const query = new URLSearchParams(incoming.url?.split("?")[1] ?? "");
  return (name) => {
    const header = incoming.headers[`x-echo-${name}`];
    return [...query.getAll(name), ...(header === undefined ? [] : [header].flat())];
  };
}

async function bodyOf(incoming: Incoming): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function sendEvents(backend: string, outgoing: Outgoing, count: number, intervalMs: number): Promise<void> {
  outgoing.setHeader("content-type", "text/event-stream");
  for (let index = 0; index < count && outgoing.writable; index += 1) {
    if (index > 0) await delay(intervalMs);
    // The two kinds of answers have the same method with different overloads.
    if ("createPushResponse" in outgoing) outgoing.write(`data: ${backend} ${index}\n\n`);
    else outgoing.write(`data: ${backend} ${index}\n\n`);
  }
  outgoing.end();
}

function echoOf(backend: string, incoming: Incoming, body: string): Echo {
  const entries = Object.entries(incoming.headers).flatMap(([name, value]) =>
    name.startsWith(":") || value === undefined ? [] : [[name, value] as const],
  );
  return {
    backend,
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    host: incoming.headers[":authority"]?.toString() ?? incoming.headers.host ?? "",
    protocol: `HTTP/${incoming.httpVersion}` as Echo["protocol"],
    headers: Object.fromEntries(entries),
    body,
    ...tlsOf(incoming.socket),
  };
}

function tlsOf(socket: Socket | TLSSocket): Pick<Echo, "tls"> {
  if (!("encrypted" in socket)) return {};
  const clientName = socket.getPeerCertificate()?.subject?.CN;
  // Node's types do not know it.
  const serverName = "servername" in socket && typeof socket.servername === "string" ? socket.servername : "";
  return { tls: { serverName, ...(typeof clientName === "string" ? { clientName } : {}) } };
}
