/** How long to wait before Envoy is started again: longer with each failure in a row, up to a bound, and never quite the same. */

const FIRST_MS = 200;
const LONGEST_MS = 30_000;

/** An Envoy that ran this long was well: its end begins a new row. */
export const STABLE_AFTER_MS = 60_000;

/**
 * Milliseconds, for the `failures`th end in a row (from 1): between half of and the full 200 ms, doubled each time, at most 30 s. `random` is in [0, 1).
 */
export function restartDelayMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full * (0.5 + random / 2));
}
