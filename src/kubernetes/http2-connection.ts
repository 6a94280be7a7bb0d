/** One HTTP/2 connection to an API server, which is watched for signs of life. */
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
  OutgoingHttpHeaders,
} from "node:http2";
import { PassThrough, pipeline } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { HttpAnswer, HttpRequest } from "./http-exchange.ts";

/** More watches than that on one connection would wait for each other too much. */
const MOST_STREAMS = 200;

export class Http2Connection implements Disposable {
  readonly #session: ClientHttp2Session;
  readonly #socket: TLSSocket;
  readonly #pulse: NodeJS.Timeout;
  #streams = 0;
  #bytesSeen = 0;
  #isAsked = false;

  constructor(session: ClientHttp2Session, socket: TLSSocket, silenceMs: number) {
    this.#session = session;
    this.#socket = socket;
    // After what has arrived meanwhile was read: a process that was busy must not take its own silence for the server's.
    this.#pulse = setInterval(() => setImmediate(() => this.#feelPulse()), silenceMs).unref();
    session.on("error", () => undefined);
    session.once("close", () => clearInterval(this.#pulse));
  }

  /** Whether one more exchange may begin on it. */
  get hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    const most = Math.min(remoteSettings?.maxConcurrentStreams ?? MOST_STREAMS, MOST_STREAMS);
    return !closed && !destroyed && this.#streams < most;
  }

  /** Keeps room for one exchange, which `send` then takes. */
  reserve(): void {
    this.#streams += 1;
  }

  /** Gives back what was reserved and is not needed. */
  release(): void {
    this.#streams -= 1;
  }

  /** Must have been reserved. */
  async send({ method, path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    const stream = this.#open({ ":method": method, ":path": path, ...headers }, body === undefined);
    // Node throws away the body of an answer that is complete before anybody reads it, so reading begins at once.
    const received = pipeline(stream, new PassThrough(), () => undefined);
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const abort = (): void => void stream.destroy(new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    stream.on("error", reject);
    stream.once("close", () => {
      this.release();
      signal.removeEventListener("abort", abort);
      reject(new Error("the connection was closed before an answer"));
    });
    stream.once("response", (answer) => resolve(answerOf(answer, bodyOf(stream, received))));
    if (body !== undefined) stream.end(body);
    return promise;
  }

  #open(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    try {
      return this.#session.request(headers, { endStream });
    } catch (error) {
      this.release();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }

  /** Whatever arrives is a sign of life, the answer to a ping too. */
  #feelPulse(): void {
    const { bytesRead } = this.#socket;
    const isAlive = bytesRead !== this.#bytesSeen;
    this.#bytesSeen = bytesRead;
    if (!isAlive && this.#isAsked) {
      this.#session.destroy(new Error("the server is silent"));
      return;
    }
    this.#isAsked = !isAlive;
    if (!isAlive && !this.#session.destroyed) this.#session.ping(() => undefined);
  }
}

function answerOf(
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  body: AsyncIterable<Uint8Array>,
): HttpAnswer {
  return {
    status: headers[":status"] ?? 0,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body,
  };
}

async function* bodyOf(stream: ClientHttp2Stream, received: PassThrough): AsyncGenerator<Uint8Array> {
  for await (const piece of received) yield piece as Uint8Array;
  // A stream that the other side gives up without an error ends as one that is complete.
  if (stream.rstCode !== 0 || stream.aborted) throw new Error("the answer broke off");
}
