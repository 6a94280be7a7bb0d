/** What happened between two readings of what proxies have counted: rates, shares and percentiles. */
import type { Call, Calls, Counts } from "./calls.ts";

export interface CallRate extends Call {
  /** Requests, or connections opened. */
  readonly perSecond: number;
  /** Of them, from 0 to 1; undefined where there were none. */
  readonly failedShare?: number;
  readonly bytesPerSecond: number;
  /** In milliseconds; undefined where no request ended, and for connections. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

const NOTHING: Counts = { calls: 0, failed: 0, bytes: 0, durations: new Map() };

/** Those with anything to tell, the busiest first. */
export function ratesOf(before: Calls, after: Calls, seconds: number): readonly CallRate[] {
  return [...after]
    .flatMap(([key, { call, counts }]) => {
      const change = changeOf(before.get(key)?.counts ?? NOTHING, counts);
      const isSilent = change.calls + change.failed + change.bytes === 0;
      return isSilent ? [] : [rateOf(call, change, seconds)];
    })
    .sort((a, b) => b.perSecond - a.perSecond || compare(a.source, b.source) || compare(a.destination, b.destination));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** A proxy that was started anew has counted from zero. */
function changeOf(before: Counts, after: Counts): Counts {
  const from = after.calls < before.calls || after.bytes < before.bytes ? NOTHING : before;
  return {
    calls: after.calls - from.calls,
    failed: Math.max(after.failed - from.failed, 0),
    bytes: after.bytes - from.bytes,
    durations: new Map(
      [...after.durations].map(([bound, count]) => [bound, Math.max(count - (from.durations.get(bound) ?? 0), 0)]),
    ),
  };
}

function rateOf(call: Call, { calls, failed, bytes, durations }: Counts, seconds: number): CallRate {
  const [p50Ms, p99Ms] = [0.5, 0.99].map((share) => percentileOf(durations, share));
  return {
    ...call,
    perSecond: calls / seconds,
    ...(calls > 0 && { failedShare: Math.min(failed / calls, 1) }),
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
