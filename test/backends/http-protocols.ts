/**
 * HTTP/1.1 and HTTP/2 on one port, with one function that serves both: under TLS by what was negotiated (ALPN), in
 * plaintext by how the client begins.
 */
import { createServer as createHttp1Server } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Http2Server, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

/** How a client with prior knowledge of HTTP/2 begins; no method of HTTP/1.1 does. */
const PREFACE = "PRI";

export class HttpProtocols {
  readonly #http1: Server;
  readonly #http2: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(
    serve: (incoming: Incoming, outgoing: Outgoing) => void,
    upgrade: (request: IncomingMessage, connection: Socket) => void,
  ) {
    // Backends keep connections for as long as their clients: whether those can live with less is not their test.
    this.#http1 = createHttp1Server({ keepAliveTimeout: 0, requestTimeout: 0 }, serve);
    this.#http1.on("upgrade", upgrade);
    this.#http2 = createHttp2Server(serve);
    this.#http2.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => session.destroy());
    });
  }

  /** Serves a connection that a server has accepted. */
  take(connection: Socket): void {
    if (connection instanceof TLSSocket) {
      this.#serverFor(connection.alpnProtocol === "h2").emit("connection", connection);
      return;
    }
    connection.once("data", (start: Buffer) => {
      connection.pause();
      connection.unshift(start);
      const isHttp2 = start.toString("latin1", 0, PREFACE.length) === PREFACE;
      this.#serverFor(isHttp2).emit("connection", connection);
      // HTTP/2 takes what was put back by itself, and the rest from below the stream: flowing, it would be lost.
      if (!isHttp2) connection.resume();
    });
  }

  /** Closes what is idle and tells the clients of HTTP/2 to go elsewhere for more. */
  askToGo(): void {
    for (const session of this.#sessions) session.close();
    this.#http1.closeIdleConnections();
  }

  #serverFor(isHttp2: boolean): Server | Http2Server {
    return isHttp2 ? this.#http2 : this.#http1;
  }
}
