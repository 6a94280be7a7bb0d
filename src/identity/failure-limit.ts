/**
 * Keeps callers that fail again and again from making others wait: an address may fail `burst` times, and once more for every
 * `refillMs`; beyond that it is turned away without being looked at. Who does not fail is never limited.
 */

export interface FailureLimitOptions {
  readonly burst?: number;
  readonly refillMs?: number;
  readonly clock: () => Date;
}

interface Failures {
  /** How many count at `at`. */
  readonly count: number;
  readonly at: number;
}

const MOST_ADDRESSES = 10_000;

export class FailureLimit {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #clock: () => Date;
  readonly #failures = new Map<string, Failures>();

  constructor({ burst = 10, refillMs = 5_000, clock }: FailureLimitOptions) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#clock = clock;
  }

  /** Whether the address has failed too often of late. */
  isExceededBy(address: string): boolean {
    return this.#countOf(address) >= this.#burst;
  }

  failed(address: string): void {
    const count = this.#countOf(address) + 1;
    this.#failures.delete(address);
    this.#failures.set(address, { count, at: this.#clock().getTime() });
    // The one that failed longest ago is most probably good again.
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
  }

  #countOf(address: string): number {
    const known = this.#failures.get(address);
    if (!known) return 0;
    return Math.max(0, known.count - (this.#clock().getTime() - known.at) / this.#refillMs);
  }
}
