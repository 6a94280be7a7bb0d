/** A client of HTTP/2 that keeps its connection: in plaintext with prior knowledge, or over TLS. */
import { connect } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { ConnectionOptions } from "node:tls";

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const TIMEOUT_MS = 10_000;

export class Http2Client {
  readonly #session: ClientHttp2Session;

  /** TLS when given; without `ca` the server's certificate is not checked. */
  constructor(port: number, tls?: ConnectionOptions, address = "127.0.0.1") {
    const options = tls ? { rejectUnauthorized: tls.ca !== undefined, ...tls } : {};
    this.#session = connect(`${tls ? "https" : "http"}://${address}:${port}`, options);
    // Requests report it, each for itself.
    this.#session.on("error", () => {});
  }

  /** `headers` with `:path`, `:authority` and the like. Rejects when the stream or the connection breaks. */
  request(headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<Http2Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Http2Answer>();
    const stream = this.#session.request(headers, { endStream: body === undefined });
    let answered: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.setTimeout(TIMEOUT_MS, () => stream.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    stream.on("response", (received) => (answered = received));
    stream.on("trailers", (received) => (trailers = received));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      const status = Number(answered[":status"] ?? 0);
      if (status === 0) reject(new Error("the stream was closed without an answer"));
      resolve({ status, headers: answered, trailers, body: Buffer.concat(chunks) });
    });
    if (body !== undefined) stream.end(body);
    return promise;
  }

  /** False once the server asked to go elsewhere, or the connection broke. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  close(): void {
    this.#session.destroy();
  }
}
