/** A collector of the tests: takes OTLP over gRPC or HTTP, answers that all is well, and keeps what came. */
import { createServer as createPlainServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Http2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { type Span, spansOf } from "./otlp-spans.ts";

export interface Export {
  readonly path: string;
  readonly contentType: string;
  readonly token: string;
  readonly body: Buffer;
}

/** What gRPC has before a message: a byte that says whether it is compressed, and its length. */
const GRPC_FRAME_BYTES = 5;

export class SpanCollector {
  readonly exports: Export[] = [];
  /** Away: whoever connects is hung up on. Its port stays its own, or somebody else might have it meanwhile. */
  isAway = false;
  readonly server: Server | Http2Server;
  readonly #protocol: "grpc" | "http";

  constructor(protocol: "grpc" | "http") {
    this.#protocol = protocol;
    this.server = protocol === "http" ? this.#httpServer() : this.#grpcServer();
    this.server.on("connection", (connection: Socket) => {
      if (this.isAway) connection.destroy();
    });
  }

  /** Resolves to its port. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((listening) => this.server.listen(port, "127.0.0.1", listening));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    if ("closeAllConnections" in this.server) this.server.closeAllConnections();
  }

  /** Whether a text is anywhere in what came; texts of protobufs are there as they are. */
  has(text: string): boolean {
    return this.exports.some(({ body }) => body.includes(text));
  }

  spans(): Span[] {
    const skipped = this.#protocol === "grpc" ? GRPC_FRAME_BYTES : 0;
    return this.exports.flatMap(({ body }) => spansOf(body.subarray(skipped)));
  }

  #httpServer(): Server {
    return createPlainServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.#take(request.url, request.headers["content-type"], request.headers["x-token"], chunks);
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      });
    });
  }

  #grpcServer(): Http2Server {
    return createHttp2Server().on("stream", (stream, headers) => {
      const chunks: Buffer[] = [];
      // Whoever sends may hang up in the middle, since policies go.
      stream.on("error", () => undefined);
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        this.#take(headers[":path"], headers["content-type"], headers["x-token"], chunks);
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        // An empty answer, in gRPC's frame.
        stream.end(Buffer.alloc(GRPC_FRAME_BYTES));
      });
    });
  }

  #take(path: unknown, contentType: unknown, token: unknown, chunks: readonly Buffer[]): void {
    const body = Buffer.concat(chunks);
    this.exports.push({ path: String(path), contentType: String(contentType), token: String(token), body });
  }
}
