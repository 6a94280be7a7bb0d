/**
 * A gRPC backend that echoes: HTTP/2 in plaintext, or under TLS; messages as support/grpc-messages.ts describes them. It answers to every
 * service and method.
 */
import { constants, createServer } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { decodeRequest, encodeReply, frameMessage, unframeMessages } from "../support/grpc-messages.ts";
import { listenOnLoopback, OpenConnections } from "./backend.ts";
import type { Backend, BackendOptions, BackendTls } from "./backend.ts";
import { tlsOptions } from "./tls-options.ts";

export interface GrpcBackendOptions extends BackendOptions {
  readonly tls?: BackendTls;
}

const INTERNAL = 13;

export async function startGrpcBackend(options: GrpcBackendOptions): Promise<Backend> {
  let requests = 0;
  const sessions = new Set<ServerHttp2Session>();
  const http2 = createServer();
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
  });
  http2.on("stream", (stream, headers) => {
    requests += 1;
    stream.on("error", () => {});
    serveCall(options.name, stream, headers).catch(() => {
      if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  });
  const server = options.tls ? createTlsServer(tlsOptions(options.tls, ["h2"])) : createTcpServer();
  const open = new OpenConnections(server);
  const serve = (connection: Socket): void => void http2.emit("connection", connection);
  server.on(options.tls ? "secureConnection" : "connection", serve);
  const port = await listenOnLoopback(server, options.port);
  return {
    name: options.name,
    port,
    get requests() {
      return requests;
    },
    close: ({ graceMs = 0 } = {}) =>
      open.close(graceMs, () => {
        for (const session of sessions) session.close();
      }),
  };
}

async function serveCall(backend: string, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const [message] = unframeMessages(Buffer.concat(chunks));
  const path = headers[":path"] ?? "";
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(":") ? [] : [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  if (!headers["content-type"]?.startsWith("application/grpc") || !message) {
    endCall(stream, INTERNAL, "no gRPC message");
    return;
  }
  const { text, count, delayMs, status } = decodeRequest(message);
  const isStream = /\/Stream[^/]*$/.test(path);
  respond(stream, status, status === 0 ? "" : "as asked for");
  for (let index = 0; index < (isStream ? count : 1) && !stream.destroyed; index += 1) {
    if (delayMs > 0) await delay(delayMs);
    if (status === 0 || isStream) stream.write(frameMessage(encodeReply({ backend, text, index, path, metadata })));
  }
  stream.end();
}

/** Sends the headers; the status goes as trailers when the stream is ended. */
function respond(stream: ServerHttp2Stream, status: number, message: string): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status), "grpc-message": message }));
}

function endCall(stream: ServerHttp2Stream, status: number, message: string): void {
  respond(stream, status, message);
  stream.end();
}
