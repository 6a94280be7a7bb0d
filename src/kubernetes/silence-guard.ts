/** Gives up a stream on which nothing comes for longer than it may be silent at that moment. */
import { ApiError } from "./api-client.ts";
import type { Timers } from "./timers.ts";

/** The guard says itself when it is over; a limit of the client's own would be in its way. */
export const LONGEST_TIMEOUT_MS: number = 2 ** 31 - 1;

export class SilenceGuard implements Disposable {
  readonly #timers: Timers;
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #follow = (): void => this.#abort.abort();
  #waiting: Disposable | undefined;
  #silentForMs: number | undefined;

  constructor(timers: Timers, outer: AbortSignal) {
    this.#timers = timers;
    this.#outer = outer;
    if (outer.aborted) this.#follow();
    outer.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** From now on, silence may last so long. */
  expect(ms: number): void {
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = this.#timers.after(ms, () => {
      this.#silentForMs = ms;
      this.#abort.abort();
    });
  }

  /** What an error of the stream really means. */
  errorOf(error: unknown): unknown {
    if (this.#silentForMs === undefined) return error;
    return new ApiError("timeout", `nothing came for ${this.#silentForMs} ms`, { cause: error });
  }

  [Symbol.dispose](): void {
    this.#waiting?.[Symbol.dispose]();
    this.#outer.removeEventListener("abort", this.#follow);
  }
}
