/** The time as a fact, since translation may not look at the clock: what it decides by the time (an expired certificate) it decides anew when this ticks. */
import type { Source } from "../../collections/index.ts";

export interface ClockFact {
  readonly key: "now";
  /** RFC 3339. */
  readonly time: string;
}

const TICK_MS = 3_600_000;

export function clockFactOf(now: Date): ClockFact {
  return { key: "now", time: now.toISOString() };
}

/** Ticks now, and then every hour until it is disposed. */
export function startClock(fact: Source<ClockFact>): Disposable {
  const tick = (): void => fact.set(clockFactOf(new Date()));
  tick();
  const timer = setInterval(tick, TICK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
