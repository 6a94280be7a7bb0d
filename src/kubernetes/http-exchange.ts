/** One exchange over HTTP, as whoever reads answers sees it, whichever version of HTTP carries it. */
import type { Duplex } from "node:stream";

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Asks for a WebSocket. */
export interface UpgradeRequest {
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the messages are: one of the WebSocket protocols that the server has. */
  readonly protocol: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Of the header of that name, which is lower-case. */
  header(name: string): string | undefined;
  /** In pieces as they come. Ends with an error where the connection breaks first. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Connections to one server. */
export interface HttpConnections extends Disposable {
  /** Rejects where there is no answer; ends the exchange when the signal aborts, also while the body is read. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** A connection of its own, as a WebSocket. */
  upgrade(request: UpgradeRequest): Promise<Duplex>;
}
