/** A small HTTP backend that answers with what it was asked, and remembers it. */
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface EchoedRequest {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface EchoServer {
  readonly port: number;
  readonly requests: readonly EchoedRequest[];
  stop(): Promise<void>;
}

/** `?status=503` in the path asks for that status, `?delay=100` for an answer that late. */
export async function startEchoServer(backend: string): Promise<EchoServer> {
  const requests: EchoedRequest[] = [];
  const server = createServer((request, response) => {
    const { method = "", url: path = "", headers } = request;
    const echoed: EchoedRequest = { backend, method, path, headers };
    requests.push(echoed);
    const query = new URLSearchParams(path.split("?")[1] ?? "");
    const answer = (): void => {
      response.writeHead(Number(query.get("status") ?? 200), {
        "content-type": "application/json",
        "x-backend": backend,
      });
      response.end(JSON.stringify(echoed));
    };
    const delay = Number(query.get("delay") ?? 0);
    if (delay === 0) answer();
    else setTimeout(answer, delay);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
