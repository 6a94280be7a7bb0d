/** How long to wait before the next try: longer after each failure, and never the same for two that failed together. */

export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** In milliseconds; at least what the server asks for, and up to half more than planned. */
  afterFailure(retryAfterMs = 0): number {
    const { firstMs, longestMs, random } = this.#options;
    const grown = Math.min(firstMs * 2 ** this.#failures, longestMs);
    this.#failures += 1;
    return Math.max(grown, retryAfterMs) * (1 + random() / 2);
  }
}
