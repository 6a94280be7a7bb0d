/** Time that passes only when a test lets it pass. */
import type { Timers } from "../timers.ts";

interface Waiting {
  readonly at: number;
  readonly call: () => void;
}

export class PausedTimers implements Timers {
  #now = 0;
  readonly #waiting = new Set<Waiting>();

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): Disposable {
    const waiting = { at: this.#now + ms, call };
    this.#waiting.add(waiting);
    return { [Symbol.dispose]: () => void this.#waiting.delete(waiting) };
  }

  /** Lets `ms` pass: what is due is called at its time and in its order, and what follows from it at once is let happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#firstUntil(end); next; next = this.#firstUntil(end)) {
      this.#now = Math.max(this.#now, next.at);
      this.#waiting.delete(next);
      next.call();
      await settled();
    }
    this.#now = end;
  }

  #firstUntil(end: number): Waiting | undefined {
    return [...this.#waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** After all promises that nothing outside keeps back. */
const settled = async (): Promise<void> => {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
};
