/**
 * Tells other replicas what the proxies of this one did: `GET /v1/reports` answers with lines (peer-lines.ts) for as long as
 * the other side listens. Whoever asks must be let in by `authorize`; anything that goes wrong there keeps it out.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { PeerBoard } from "./peer-board.ts";
import { PeerFeed } from "./peer-feed.ts";
import { PEER_PROTOCOL, type PeerLine } from "./peer-lines.ts";

export interface PeerServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Without it, the server speaks no TLS: on loopback, in tests. */
  readonly tls?: ServerOptions;
  /** Unique among all replicas. */
  readonly replica: string;
  readonly board: PeerBoard;
  /** Whether the caller with this `authorization` header is a replica. */
  readonly authorize: (authorization: string | undefined) => Promise<boolean>;
}

export interface PeerServer extends AsyncDisposable {
  readonly port: number;
  /** Uses another certificate from now on. */
  setSecureContext(tls: ServerOptions): void;
}

export const PEER_PATH = "/v1/reports";
/** So that a listener knows that the replica lives. */
export const ALIVE_MS = 5_000;

/** Rejects where the address cannot be listened on. */
export async function startPeerServer(options: PeerServerOptions): Promise<PeerServer> {
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    answer(options, request, response).catch(() => response.destroy());
  };
  const server = options.tls ? createSecureServer(options.tls, handler) : createServer(handler);
  server.listen(options.listen.port, options.listen.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    setSecureContext: (tls) => {
      if ("setSecureContext" in server) server.setSecureContext(tls);
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function answer(options: PeerServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" || request.url !== PEER_PATH) {
    response.writeHead(404).end();
    return;
  }
  if (!(await options.authorize(request.headers.authorization).catch(() => false))) {
    response.writeHead(403).end();
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  using feed = new PeerFeed(options.board);
  response.once("close", () => feed[Symbol.dispose]());
  const hello: PeerLine = { type: "hello", protocol: PEER_PROTOCOL, replica: options.replica };
  await send(response, [hello, ...feed.whole(), { type: "whole" }]);
  const alive = setInterval(() => {
    if (!response.writableNeedDrain) response.write(textOf([{ type: "alive" }]));
  }, ALIVE_MS);
  try {
    for (await feed.changed(); !response.destroyed; await feed.changed()) await send(response, feed.take());
  } finally {
    clearInterval(alive);
  }
}

/** Waits until the other side can take more. */
async function send(response: ServerResponse, lines: readonly PeerLine[]): Promise<void> {
  if (response.write(textOf(lines)) || response.destroyed) return;
  await Promise.race([once(response, "drain"), once(response, "close")]);
}

const textOf = (lines: readonly PeerLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  server.closeAllConnections();
  await closed;
}
