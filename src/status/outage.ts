/**
 * What to do while the API server is away or wants rest: nobody writes, then one tries, and when that goes well, all. The
 * one place where writing statuses waits for the server.
 */
import type { Timers } from "../kubernetes/index.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

export interface OutageOptions {
  readonly timers: Timers;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Somebody may write again. */
  readonly ended: () => void;
}

export class Outage implements Disposable {
  readonly #options: OutageOptions;
  #failures = 0;
  #waiting: Disposable | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** How many of `most` may write at once. */
  limit(most: number): number {
    if (this.#waiting) return 0;
    return this.#failures > 0 ? 1 : most;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Several writes fail of one cause, which counts once. */
  failed(retryAfterMs: number | undefined): void {
    if (this.#waiting) return;
    const { timers, random, ended } = this.#options;
    const grown = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    this.#failures += 1;
    const delayMs = Math.max(retryAfterMs ?? 0, grown) * (1 + random() / 2);
    this.#waiting = timers.after(delayMs, () => {
      this.#waiting = undefined;
      ended();
    });
  }

  [Symbol.dispose](): void {
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = undefined;
    this.#failures = 0;
  }
}
