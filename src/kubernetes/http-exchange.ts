/** One exchange over HTTP, as whoever reads answers sees it, whichever version of HTTP carries it. */

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
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
}
