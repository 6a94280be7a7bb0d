/**
 * The body of an answer over HTTP/2, read from the moment when the stream is there: Node throws away a body that is complete before
 * anybody reads it. What nobody has taken yet is kept, and when it is much, the server is told to wait.
 */
import type { ClientHttp2Stream } from "node:http2";

const MOST_KEPT_BYTES = 1024 * 1024;

export class ArrivingBody implements AsyncIterable<Uint8Array> {
  readonly #stream: ClientHttp2Stream;
  #pieces: Uint8Array[] = [];
  #keptBytes = 0;
  #isEnded = false;
  #failure: Error | undefined;
  #wake: PromiseWithResolvers<void> | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on("data", (piece: Uint8Array) => this.#keep(piece));
    stream.once("end", () => this.#end());
    stream.once("error", (error: Error) => this.#fail(error));
    stream.once("close", () => this.#end());
  }

  /** To be read once. Throws where the stream breaks, when what came before has been taken. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield* this.#take();
      if (this.#failure) throw this.#failure;
      if (this.#isEnded) return;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  #take(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#keptBytes = 0;
    if (this.#stream.isPaused()) this.#stream.resume();
    return pieces;
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#keptBytes += piece.length;
    if (this.#keptBytes > MOST_KEPT_BYTES) this.#stream.pause();
    this.#wake?.resolve();
  }

  #end(): void {
    const { rstCode, aborted, readableEnded } = this.#stream;
    if (this.#isEnded) return;
    // A stream that the other side gives up without an error ends as one that is complete.
    if (rstCode !== 0 || aborted || !readableEnded) this.#fail(new Error("the answer broke off"));
    this.#isEnded = true;
    this.#wake?.resolve();
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake?.resolve();
  }
}
