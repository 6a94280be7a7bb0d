/**
 * The time as a fact, since translation may not look at the clock: what it decides by the time (that a certificate has
 * expired) it decides anew when this ticks.
 */
import type { Source } from "../../collections/index.ts";

export interface ClockFact {
  readonly key: "now";
  /** RFC 3339. */
  readonly time: string;
}

/** Certificates end at some second, and an hour is soon enough to say so. */
const TICK_MS = 3_600_000;

/** Ticks at once, and then every hour until it is disposed. */
export class Clock implements Disposable {
  readonly #timer: NodeJS.Timeout;

  constructor(fact: Source<ClockFact>) {
    const tick = (): void => fact.set({ key: "now", time: new Date().toISOString() });
    tick();
    this.#timer = setInterval(tick, TICK_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
