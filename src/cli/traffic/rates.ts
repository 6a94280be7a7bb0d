/** What happened in a while: rates, shares and percentiles of what was counted in it. */
import type { Call, Calls, Counts } from "./calls.ts";

export interface CallRate extends Call {
  /** Requests, connections opened, or sessions ended. */
  readonly perSecond: number;
  /** Of them, from 0 to 1; undefined where there were none, and of sessions, of which nobody knows. */
  readonly failedShare?: number;
  readonly bytesPerSecond: number;
  /** In milliseconds; undefined where no request ended, and for connections. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Those with anything to tell, the busiest first. `seconds`: how long it took. */
export function ratesOf(calls: Calls, seconds: number): readonly CallRate[] {
  return [...calls.values()]
    .filter(({ counts }) => counts.calls + counts.failed + counts.bytes > 0)
    .map(({ call, counts }) => rateOf(call, counts, seconds))
    .sort((a, b) => b.perSecond - a.perSecond || compare(a.source, b.source) || compare(a.destination, b.destination));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function rateOf(call: Call, { calls, failed, bytes, durations }: Counts, seconds: number): CallRate {
  const [p50Ms, p99Ms] = [0.5, 0.99].map((share) => percentileOf(durations, share));
  return {
    ...call,
    perSecond: calls / seconds,
    ...(calls > 0 && call.kind !== "sessions" && { failedShare: Math.min(failed / calls, 1) }),
    bytesPerSecond: bytes / seconds,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p99Ms !== undefined && { p99Ms }),
  };
}

/** As if durations were spread evenly within their class; beyond the last bound, that bound. Undefined of none. */
export function percentileOf(durations: Counts["durations"], share: number): number | undefined {
  const classes = [...durations].sort(([a], [b]) => a - b);
  const total = classes.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  const rank = total * share;
  let [below, reached] = [0, 0];
  for (const [bound, count] of classes) {
    if (count >= rank && count > reached)
      return Number.isFinite(bound) ? below + ((bound - below) * (rank - reached)) / (count - reached) : below;
    if (Number.isFinite(bound)) [below, reached] = [bound, count];
  }
  return below;
}
