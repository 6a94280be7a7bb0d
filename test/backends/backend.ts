/** What all backends of the demo and the tests have in common. They listen on loopback and say their name in every answer. */
import type { AddressInfo, Server, Socket } from "node:net";

export interface BackendOptions {
  readonly name: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface BackendTls {
  /** In PEM: the server's certificate, with its chain, and its key. */
  readonly certificate: string;
  readonly key: string;
  /** In PEM: who may sign clients' certificates. When given, a client must have one. */
  readonly clientAuthority?: string;
}

export interface Backend {
  readonly name: string;
  readonly port: number;
  /** Requests so far; of TCP connections, and of UDP datagrams. */
  readonly requests: number;
  /**
   * Stops listening, lets what is under way finish for at most `graceMs` (default 0), asking its clients to go where the
   * protocol can, and closes what is left.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Tracks the connections of a server so that it can be closed in bounded time. */
export class OpenConnections {
  readonly #open = new Set<Socket>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (connection: Socket) => {
      this.#open.add(connection);
      connection.once("close", () => this.#open.delete(connection));
      // A client that goes away is no fault of the backend.
      connection.on("error", () => {});
    });
  }

  /** Stops listening; `askToGo` is called while what is open may still finish. */
  async close(graceMs: number, askToGo: () => void = () => {}): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    askToGo();
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }
}

/** Listens on loopback; resolves with the port. */
export function listenOnLoopback(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
