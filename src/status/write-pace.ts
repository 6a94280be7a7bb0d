/**
 * When one object's status is written. A verdict goes out nearly at once: it only waits for what comes right behind it, and a
 * little longer where something is known to come, since a proxy's answer to a new route takes some milliseconds. Numbers go
 * out at once the first time, and then when they have stood still, for longer where they were written often or change
 * slowly: a Gateway to which 500 routes are added is written twice or three times, and its last count soon after the last route. An object
 * that changes all the time is written ever less often, up to once a second.
 */
import type { StatusNews } from "./status-difference.ts";

/** What comes this soon after the first change goes into the same write. */
const SETTLE_MS = 15;
/** So long a verdict waits that is expected to change at once. */
const PASSING_MS = 60;
/** How long numbers must have stood still at least, by how many were written lately, from one on. */
const SILENCE_MS: readonly number[] = [40, 40, 40, 120, 250, 500, 1_000];
/** And so many times as long as they stood still between their last changes, so that a slow series is not taken for ended. */
const GAPS = 4;
/** The share that the last gap has in their mean. */
const LAST_GAP = 0.2;
/** Numbers that never stand still are written this often, and so long they wait for anything else at most. */
export const LONGEST_COUNT_MS = 5_000;
/** So many verdicts in a row are nothing unusual: an object that appears, is accepted, programmed, gets its address. */
const FREE_VERDICTS = 8;
const SHORTEST_SPACING_MS = 100;
const LONGEST_SPACING_MS = 1_000;
/** After so long without a write, all is as at first. */
const FORGET_MS = 10_000;

export class WritePace {
  #verdicts = 0;
  #counts = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #changedAt: number | undefined;
  #judgedAt: number | undefined;
  #countedAt = Number.NEGATIVE_INFINITY;
  #meanGap: number | undefined;

  /**
   * There is something to write since `now`, `isPassing` where it is expected to be something else at once; gives when to
   * write. All times are in milliseconds, of one clock.
   */
  change(news: StatusNews, now: number, isPassing = false): number {
    if (now - this.#lastAt > FORGET_MS) [this.#verdicts, this.#counts] = [0, 0];
    this.#changedAt ??= now;
    if (news === "count") {
      this.#learnGap(now);
      return this.#whenSilent(this.#changedAt, now);
    }
    this.#judgedAt ??= now;
    return this.#whenSettled(this.#judgedAt, isPassing ? PASSING_MS : SETTLE_MS);
  }

  /** What there was to write is being written. */
  write(news: StatusNews, now: number): void {
    if (news !== "count") this.#verdicts += 1;
    // What has waited its longest is seldom enough by itself.
    else if (now - (this.#changedAt ?? now) < LONGEST_COUNT_MS) this.#counts += 1;
    this.#lastAt = now;
    this.rest();
  }

  /** There is nothing to write any more. */
  rest(): void {
    this.#changedAt = undefined;
    this.#judgedAt = undefined;
  }

  /** Between series there are other gaps, of which nothing is to be learnt. */
  #learnGap(now: number): void {
    const gap = now - this.#countedAt;
    this.#countedAt = now;
    if (gap >= LONGEST_SPACING_MS) this.#meanGap = undefined;
    else this.#meanGap = this.#meanGap === undefined ? gap : this.#meanGap + LAST_GAP * (gap - this.#meanGap);
  }

  #whenSilent(changedAt: number, now: number): number {
    if (this.#counts === 0) return changedAt + SETTLE_MS;
    const least = SILENCE_MS[Math.min(this.#counts, SILENCE_MS.length) - 1] ?? 0;
    const silence = Math.min(Math.max(least, GAPS * (this.#meanGap ?? 0)), LONGEST_SPACING_MS);
    return Math.min(now + silence, changedAt + LONGEST_COUNT_MS);
  }

  #whenSettled(judgedAt: number, settleMs: number): number {
    const excess = this.#verdicts - FREE_VERDICTS;
    const spacing = excess < 0 ? 0 : Math.min(SHORTEST_SPACING_MS * 2 ** excess, LONGEST_SPACING_MS);
    return Math.max(judgedAt + settleMs, this.#lastAt + spacing);
  }
}
