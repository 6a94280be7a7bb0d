/**
 * An API server as far as it takes to reach pods: it lists them, and passes connections to their ports on to ports of loopback, as the
 * kubelet does. Who asks is looked at by nobody.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { encodeFrame, FrameReader, opcodes } from "../websocket-frames.ts";

export interface GatePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** It is, unless told otherwise. */
  readonly isReady?: boolean;
  /** Of its ports, where they are really. */
  readonly ports: Readonly<Record<number, number>>;
}

export interface PodGate extends AsyncDisposable {
  /** The file by which it is reached. */
  readonly kubeconfig: string;
  /** What was asked for, in order: method and path, with its query. */
  readonly asked: readonly string[];
}

export interface PodGateOptions {
  /** Where the kubeconfig is put. */
  readonly folder: string;
  readonly pods: readonly GatePod[];
  /** In PEM; nobody verifies it. Without it, the server speaks plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export async function startPodGate({ folder, pods, tls }: PodGateOptions): Promise<PodGate> {
  const asked: string[] = [];
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }) : createServer();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://gate");
    asked.push(`${request.method} ${request.url}`);
    const [, namespace] = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/pods$/.exec(url.pathname) ?? [undefined, ""];
    if (namespace === "") {
      const message = `${url.pathname} is not here`;
      response.writeHead(404, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", status: "Failure", reason: "NotFound", code: 404, message }));
      return;
    }
    const wanted = new URLSearchParams(url.searchParams.get("labelSelector")?.replaceAll(",", "&") ?? "");
    const items = pods
      .filter((pod) => namespace === undefined || pod.namespace === namespace)
      .filter(({ labels = {} }) =>
        [...wanted].every(([key, value]) => (value === "" ? key in labels : labels[key] === value)),
      )
      .map(({ namespace: space, name, labels, annotations, isReady = true }) => ({
        metadata: { namespace: space, name, labels, annotations },
        status: { phase: "Running", conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] },
      }));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items }));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    asked.push(`${request.method} ${request.url}`);
    forward(pods, request, socket);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(
    kubeconfig,
    kubeconfigTo(`${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`),
  );
  return {
    kubeconfig,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** In YAML, of which JSON is a part. A library that reads it takes plain HTTP only where nothing of TLS is to be verified. */
const kubeconfigTo = (server: string): string =>
  JSON.stringify({
    clusters: [{ name: "gate", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "anybody", user: {} }],
    contexts: [{ name: "gate", context: { cluster: "gate", user: "anybody" } }],
    "current-context": "gate",
  });

/** The fixed text of https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const ACCEPTANCE = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function forward(pods: readonly GatePod[], { url = "/", headers }: IncomingMessage, socket: Duplex): void {
  const { pathname, searchParams } = new URL(url, "http://gate");
  const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/portforward$/.exec(pathname) ?? [];
  const pod = pods.find((candidate) => candidate.namespace === namespace && candidate.name === name);
  if (pod === undefined || headers["sec-websocket-protocol"] !== "v4.channel.k8s.io") {
    const body = JSON.stringify({ kind: "Status", reason: "NotFound", code: 404, message: `no pod "${name}"` });
    socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
    return;
  }
  const accepted = createHash("sha1").update(`${headers["sec-websocket-key"]}${ACCEPTANCE}`).digest("base64");
  socket.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "connection: Upgrade",
      "upgrade: websocket",
      `sec-websocket-accept: ${accepted}`,
      "sec-websocket-protocol: v4.channel.k8s.io",
      "",
      "",
    ].join("\r\n"),
  );
  const port = Number(searchParams.get("ports"));
  const send = (channel: number, content: Buffer): void =>
    void socket.write(encodeFrame(opcodes.binary, Buffer.concat([Buffer.of(channel), content])));
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  for (const channel of [0, 1]) send(channel, number);
  const target = connect(pod.ports[port] ?? 0, "127.0.0.1");
  target.on("data", (bytes) => send(0, bytes));
  target.once("error", (error) => send(1, Buffer.from(`failed to connect to localhost:${port}: ${error.message}`)));
  target.once("close", () => socket.end(encodeFrame(opcodes.close, Buffer.alloc(0))));
  const frames = new FrameReader();
  socket.on("data", (bytes: Buffer) => {
    for (const { opcode, payload } of frames.push(bytes)) {
      if (opcode === opcodes.binary && payload[0] === 0) target.write(payload.subarray(1));
      if (opcode === opcodes.close) target.end();
    }
  });
  socket.once("close", () => target.destroy());
  socket.on("error", () => target.destroy());
}
