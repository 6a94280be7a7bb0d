/**
 * Keeps things as they should be, such as while this replica leads: whoever knows that one may differ says so, one is worked on at a time,
 * and what fails is tried again, later each time.
 */
import { ApiError, systemTimers, type Timers } from "../kubernetes/index.ts";

export interface KeeperOptions<Problem extends Error & { readonly retryAfterMs?: number }> {
  /** Makes it as it should be. Rejects with what `isProblem` knows. */
  readonly keep: (key: string, signal: AbortSignal) => Promise<void>;
  readonly isProblem: (error: unknown) => error is Problem;
  /** What stands in the way; undefined when nothing does any more. */
  readonly onProblem: (key: string, problem: Problem | undefined) => void;
  /** Default 500 ms; each is twice as long as the one before. */
  readonly firstRetryMs?: number;
  /** Default 30 s. */
  readonly longestRetryMs?: number;
  readonly timers?: Timers;
}

export const isApiError = (error: unknown): error is ApiError => error instanceof ApiError;

export class Keeper<Problem extends Error & { readonly retryAfterMs?: number }> {
  readonly #options: KeeperOptions<Problem>;
  readonly #timers: Timers;
  readonly #asked = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #retries = new Map<string, Disposable>();
  #leading: AbortController | undefined;
  #work: Promise<void> | undefined;

  constructor(options: KeeperOptions<Problem>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  get isLeading(): boolean {
    return this.#leading !== undefined;
  }

  start(): void {
    this.#leading ??= new AbortController();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#leading?.abort();
    this.#leading = undefined;
    for (const retry of this.#retries.values()) retry[Symbol.dispose]();
    this.#retries.clear();
    this.#failures.clear();
    this.#asked.clear();
    await this.#work;
  }

  /** It may not be as it should be. Nothing happens while another replica leads. */
  look(key: string): void {
    const signal = this.#leading?.signal;
    if (signal === undefined) return;
    this.#retries.get(key)?.[Symbol.dispose]();
    this.#retries.delete(key);
    this.#asked.add(key);
    this.#work ??= this.#workOff(signal).finally(() => {
      this.#work = undefined;
    });
  }

  async #workOff(signal: AbortSignal): Promise<void> {
    // What is asked for at once is worked off together.
    await Promise.resolve();
    for (let [key] = this.#asked; key !== undefined && !signal.aborted; [key] = this.#asked) {
      this.#asked.delete(key);
      await this.#tryTo(key, signal);
    }
  }

  async #tryTo(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.keep(key, signal);
      if (this.#failures.delete(key)) this.#options.onProblem(key, undefined);
    } catch (error) {
      const { isProblem, firstRetryMs = 500, longestRetryMs = 30_000 } = this.#options;
      if (!isProblem(error)) throw error;
      if (signal.aborted) return;
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      this.#options.onProblem(key, error);
      const delayMs = error.retryAfterMs ?? Math.min(firstRetryMs * 2 ** failures, longestRetryMs);
      this.#retries.set(
        key,
        this.#timers.after(delayMs, () => this.look(key)),
      );
    }
  }
}
