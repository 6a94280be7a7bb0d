/**
 * The connections to one API server: HTTP/2, where hundreds of watches share one connection, and HTTP/1.1 for servers and proxies that
 * have nothing else. What a server speaks is asked in the TLS handshake of each connection, since another one may answer next time.
 */
import { connect as connectHttp2 } from "node:http2";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { ApiError } from "./api-client.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { sendOverHttp1 } from "./http1-exchange.ts";
import type { HttpAnswer, HttpConnections, HttpRequest, UpgradeRequest } from "./http-exchange.ts";
import { Http2Connection } from "./http2-connection.ts";
import { upgradeOverHttp1 } from "./upgrade.ts";

export interface HttpConnectionsOptions {
  readonly access: ClusterAccess;
  /** A connection that is silent for so long is asked for a sign of life, and given up after the same time again. */
  readonly silenceMs: number;
  readonly connectTimeoutMs: number;
}

/** Larger than Node's 64 KiB, which would make a large list wait for a round trip every 64 KiB. */
const WINDOW_BYTES = 4 * 1024 * 1024;

export class ClusterConnections implements HttpConnections {
  readonly #options: HttpConnectionsOptions;
  readonly #open = new Set<Http2Connection>();
  readonly #http1 = new Set<TLSSocket>();
  #opening: Promise<Http2Connection | TLSSocket> | undefined;

  constructor(options: HttpConnectionsOptions) {
    this.#options = options;
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { server } = this.#options.access;
    const full = { ...request, path: this.#pathOf(request.path) };
    if (server.protocol === "http:") return sendOverHttp1(full, { server });
    const connection = await this.#connectionUnlessAborted(request.signal);
    if (connection instanceof Http2Connection) return connection.send(full);
    return sendOverHttp1(full, { server, socket: connection });
  }

  async upgrade(request: UpgradeRequest): Promise<Duplex> {
    const { server } = this.#options.access;
    const full = { ...request, path: this.#pathOf(request.path) };
    if (server.protocol === "http:") return upgradeOverHttp1(full, { server });
    const socket = await this.#secureSocket(["http/1.1"]);
    if (request.signal.aborted) socket.destroy();
    this.#http1.add(socket);
    socket.once("close", () => this.#http1.delete(socket));
    return upgradeOverHttp1(full, { server, socket });
  }

  [Symbol.dispose](): void {
    for (const connection of this.#open) connection[Symbol.dispose]();
    for (const socket of this.#http1) socket.destroy();
  }

  #pathOf(path: string): string {
    return `${this.#options.access.server.pathname.replace(/\/$/, "")}${path}`;
  }

  /** Connecting goes on for whoever else waits for it. */
  async #connectionUnlessAborted(signal: AbortSignal): Promise<Http2Connection | TLSSocket> {
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    const connection = this.#connection();
    const release = (late: Http2Connection | TLSSocket): void => {
      if (!signal.aborted) return;
      if (late instanceof Http2Connection) late.release();
      else late.destroy();
    };
    connection.then(release, () => undefined);
    return Promise.race([aborted, connection]).finally(() => signal.removeEventListener("abort", abort));
  }

  async #connection(): Promise<Http2Connection | TLSSocket> {
    for (const connection of this.#open) if (connection.hasRoom) return reserved(connection);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    const connection = await this.#opening;
    // Of HTTP/1.1, everybody needs one; of HTTP/2, everybody who waited has this one, unless they are too many for it.
    if (connection instanceof Http2Connection) return connection.hasRoom ? reserved(connection) : this.#connection();
    if (this.#http1.has(connection)) return this.#connection();
    this.#http1.add(connection);
    connection.once("close", () => this.#http1.delete(connection));
    return connection;
  }

  async #connect(): Promise<Http2Connection | TLSSocket> {
    const { access, silenceMs } = this.#options;
    const socket = await this.#secureSocket(["h2", "http/1.1"]);
    if (socket.alpnProtocol !== "h2") return socket;
    const session = connectHttp2(access.server.origin, {
      createConnection: () => socket,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    const connection = new Http2Connection(session, socket, silenceMs);
    this.#open.add(connection);
    session.once("connect", () => session.setLocalWindowSize(WINDOW_BYTES));
    session.once("close", () => this.#open.delete(connection));
    return connection;
  }

  async #secureSocket(protocols: string[]): Promise<TLSSocket> {
    const { access, connectTimeoutMs } = this.#options;
    const { hostname, port, host } = access.server;
    const address = hostname.replace(/^\[|\]$/g, "");
    const tls = await access.tls();
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const servername = tls.servername ?? (isIP(address) === 0 ? address : undefined);
    const socket = connectTls({
      ...tls,
      host: address,
      port: Number(port || 443),
      ...(servername !== undefined && { servername }),
      ALPNProtocols: protocols,
    });
    const fail = (cause: Error): void => {
      socket.destroy();
      reject(new ApiError("unreachable", `cannot connect to ${host}: ${cause.message}`, { cause }));
    };
    const timer = setTimeout(() => fail(new Error(`no answer for ${connectTimeoutMs} ms`)), connectTimeoutMs);
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("the connection was closed")));
    socket.once("secureConnect", () => {
      socket.removeAllListeners("close");
      socket.removeListener("error", fail);
      // Whoever uses the socket is told of errors in another way.
      socket.on("error", () => undefined);
      resolve(socket);
    });
    return promise.finally(() => clearTimeout(timer));
  }
}

function reserved(connection: Http2Connection): Http2Connection {
  connection.reserve();
  return connection;
}
