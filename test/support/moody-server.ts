/**
 * A small HTTP/1.1 backend whose health and answers a test changes while it serves: what it answers to `/healthz`, which may be held
 * back, and to everything else.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export class MoodyServer {
  readonly name: string;
  readonly port: number;
  /** How many requests came that were no checks. */
  requests = 0;
  checks = 0;
  /** Of checks. */
  health = 200;
  /** Of everything else. */
  status = 200;
  /** The hosts that checks asked for. */
  readonly checkedHosts: Set<string> = new Set();
  readonly #server: ReturnType<typeof createServer>;
  readonly #held: ServerResponse[] = [];
  #holdsChecks = false;
  #holdsRequests = false;

  private constructor(name: string, server: ReturnType<typeof createServer>) {
    this.name = name;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("request", ({ url = "", headers }, response) => {
      const isCheck = url.startsWith("/healthz");
      if (isCheck) {
        this.checks += 1;
        this.checkedHosts.add(headers.host ?? "");
      } else this.requests += 1;
      if (isCheck ? this.#holdsChecks : this.#holdsRequests) this.#held.push(response);
      else this.#answer(response, isCheck);
    });
  }

  static async start(name: string): Promise<MoodyServer> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new MoodyServer(name, server);
  }

  /** Leaves whoever checks without an answer, until `release`. */
  holdChecks(): void {
    this.#holdsChecks = true;
  }

  /** Leaves whoever asks for anything else without an answer, until `release`. */
  holdRequests(): void {
    this.#holdsRequests = true;
  }

  /** Answers all that were held, and holds no more. */
  release(): void {
    const wasCheck = this.#holdsChecks;
    this.#holdsChecks = false;
    this.#holdsRequests = false;
    for (const response of this.#held.splice(0)) this.#answer(response, wasCheck);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #answer(response: ServerResponse, isCheck: boolean): void {
    const body = JSON.stringify({ backend: this.name });
    response.writeHead(isCheck ? this.health : this.status, { "x-backend": this.name }).end(body);
  }
}
