/**
 * A pod of the tests: what a Deployment of the official manifests would run, on a loopback address of its own and on the very
 * ports of its containers. Over HTTP (1.1 and 2, also under TLS) it tells in JSON what it was asked, and does what the query
 * asks for:
 *   delay=500ms                                            answers that late
 *   uuid=…&responseCode=500&succeedAfter=2&delayRetry=1s   answers so many attempts with that code; those after the first late
 * The header `X-Echo-Set-Header: A:b,C:d` asks for headers of the answer. Lines over TCP and datagrams come back with its name.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import type { Server, Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { HttpProtocols } from "../backends/http-protocols.ts";
import type { Incoming, Outgoing } from "../backends/http-protocols.ts";
import { serveWebSocket } from "../backends/websocket-echo.ts";
import { encodeReply, frameMessage } from "../support/grpc-messages.ts";

export interface PodOptions {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly serves: "http" | "grpc" | "tcp" | "udp";
  /** Where TCP is served in plaintext; others have fixed ports. */
  readonly tcpPort?: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** What a request looked like when it arrived. */
export interface Arrived {
  readonly pod: string;
  readonly namespace: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly port: number;
  readonly protocol: string;
  /** Under TLS: the name asked for, and the client's certificate in PEM. */
  readonly tls?: { readonly serverName: string; readonly clientCertificate?: string };
}

export interface EchoPod {
  readonly options: PodOptions;
  /** What has arrived so far over HTTP. */
  readonly arrived: readonly Arrived[];
  close(): Promise<void>;
}

export async function startEchoPod(options: PodOptions): Promise<EchoPod> {
  const arrived: Arrived[] = [];
  const stack = new AsyncDisposableStack();
  const attempts = new Map<string, number>();
  const protocols = new HttpProtocols(
    (incoming, outgoing) => void answer(options, arrived, attempts, incoming, outgoing).catch(() => outgoing.destroy()),
    (request, connection) => serveWebSocket(options.name, request, connection),
  );
  const http = (connection: Socket): void => protocols.take(connection);
  const lines = (connection: Socket): void => echoLines(options, connection);
  const { address, tls } = options;
  switch (options.serves) {
    case "http":
    case "grpc":
      await listen(stack, createTcpServer(), address, 3000, "connection", http);
      await listen(stack, createTcpServer(), address, 3001, "connection", http);
      if (tls) await listen(stack, tlsServer(tls, ["h2", "http/1.1"]), address, 8443, "secureConnection", http);
      break;
    case "tcp":
      await listen(stack, createTcpServer(), address, options.tcpPort ?? 3000, "connection", lines);
      if (tls) await listen(stack, tlsServer(tls, []), address, 8443, "secureConnection", lines);
      break;
    case "udp":
      await echoDatagrams(stack, options);
      break;
  }
  return { options, arrived, close: () => stack.disposeAsync() };
}

function tlsServer({ certificate, key }: { certificate: string; key: string }, protocols: string[]): Server {
  const alpn = protocols.length > 0 ? { ALPNProtocols: protocols } : {};
  return createTlsServer({ cert: certificate, key, requestCert: true, rejectUnauthorized: false, ...alpn });
}

async function listen(
  stack: AsyncDisposableStack,
  server: Server,
  address: string,
  port: number,
  event: "connection" | "secureConnection",
  take: (connection: Socket) => void,
): Promise<void> {
  const open = new Set<Socket>();
  server.on("connection", (connection: Socket) => {
    open.add(connection);
    connection.once("close", () => open.delete(connection));
    connection.on("error", () => connection.destroy());
  });
  server.on("tlsClientError", () => {});
  server.on(event, take);
  server.listen({ host: address, port });
  await once(server, "listening");
  stack.defer(() => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of open) connection.destroy();
    return closed;
  });
}

function echoLines({ name, namespace }: PodOptions, connection: Socket): void {
  connection.on("error", () => connection.destroy());
  const lines = createInterface(connection);
  lines.on("error", () => {});
  lines.on("line", (line) => connection.write(`${namespace}/${name}: ${line}\n`));
}

async function echoDatagrams(stack: AsyncDisposableStack, { name, namespace, address }: PodOptions): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (message, from) =>
    socket.send(`${namespace}/${name}: ${message.toString()}`, from.port, from.address),
  );
  socket.bind(8080, address);
  await once(socket, "listening");
  stack.defer(() => new Promise<void>((closed) => socket.close(() => closed())));
}

async function answer(
  options: PodOptions,
  arrived: Arrived[],
  attempts: Map<string, number>,
  incoming: Incoming,
  outgoing: Outgoing,
): Promise<void> {
  const seen = arrivedOf(options, incoming);
  arrived.push(seen);
  incoming.resume();
  if (seen.headers["content-type"]?.startsWith("application/grpc")) {
    answerCall(options, seen, outgoing);
    return;
  }
  const query = new URLSearchParams(seen.path.split("?")[1] ?? "");
  const attempt = (attempts.get(query.get("uuid") ?? "") ?? 0) + 1;
  attempts.set(query.get("uuid") ?? "", attempt);
  await delay(millisecondsOf(query.get("delay")) + (attempt > 1 ? millisecondsOf(query.get("delayRetry")) : 0));
  if (query.has("responseCode") && attempt <= Number(query.get("succeedAfter")))
    outgoing.statusCode = Number(query.get("responseCode"));
  for (const pair of seen.headers["x-echo-set-header"]?.split(",") ?? []) {
    const [name = "", value = ""] = pair.split(":");
    outgoing.setHeader(name, value);
  }
  outgoing.setHeader("content-type", "application/json");
  outgoing.end(JSON.stringify(seen));
}

/** gRPC's status goes as a trailer, which both kinds of answers can send. */
function answerCall({ name }: PodOptions, { path, headers }: Arrived, outgoing: Outgoing): void {
  const metadata = Object.entries(headers).map(([header, value]) => `${header}: ${value}`);
  outgoing.setHeader("content-type", "application/grpc");
  outgoing.setHeader("trailer", "grpc-status");
  const message = frameMessage(encodeReply({ backend: name, text: "", index: 0, path, metadata }));
  // The two kinds of answers have the same method with different overloads.
  if ("createPushResponse" in outgoing) outgoing.write(message);
  else outgoing.write(message);
  outgoing.addTrailers({ "grpc-status": "0" });
  outgoing.end();
}

function arrivedOf({ name, namespace }: PodOptions, incoming: Incoming): Arrived {
  const { socket, headers } = incoming;
  const plain = Object.entries(headers).flatMap(([header, value]) =>
    header.startsWith(":") || value === undefined ? [] : [[header, [value].flat().join(",")] as const],
  );
  return {
    pod: name,
    namespace,
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    host: headers[":authority"]?.toString() ?? headers.host ?? "",
    headers: Object.fromEntries(plain),
    port: socket.localPort ?? 0,
    protocol: `HTTP/${incoming.httpVersion}`,
    ...tlsOf(socket),
  };
}

function tlsOf(socket: Socket): Pick<Arrived, "tls"> {
  if (!("getPeerX509Certificate" in socket) || typeof socket.getPeerX509Certificate !== "function") return {};
  const clientCertificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.toString() : undefined;
  // Node's types do not know it.
  const serverName = "servername" in socket && typeof socket.servername === "string" ? socket.servername : "";
  return { tls: { serverName, ...(clientCertificate !== undefined && { clientCertificate }) } };
}

/** "500ms", "1s". */
function millisecondsOf(duration: string | null): number {
  const [, number = "0", unit] = /^([\d.]+)(ms|s)$/.exec(duration ?? "") ?? [];
  return Number(number) * (unit === "s" ? 1000 : 1);
}
