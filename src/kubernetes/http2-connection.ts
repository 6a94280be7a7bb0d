/** One HTTP/2 connection to an API server, which is watched for signs of life. */
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
  OutgoingHttpHeaders,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { ArrivingBody } from "./arriving-body.ts";
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
    const received = new ArrivingBody(stream);
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const abort = (): void => void stream.destroy(new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    let isAnswered = false;
    stream.on("error", reject);
    stream.once("close", () => {
      this.release();
      signal.removeEventListener("abort", abort);
      if (!isAnswered) reject(new Error("the connection was closed before an answer"));
    });
    // To abort what is complete would do nothing but make an error with its stack.
    stream.once("end", () => {
      if (stream.writableFinished) signal.removeEventListener("abort", abort);
    });
    stream.once("response", (answer) => {
      isAnswered = true;
      resolve(answerOf(answer, received));
    });
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
