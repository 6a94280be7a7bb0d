/**
 * What proxies have counted between two readings: each is compared with itself alone, since proxies come, go and are started anew
 * meanwhile, each with all that it has counted so far.
 */
import type { Series } from "./prometheus-page.ts";

/** What each proxy has counted since it was started, by what tells proxies from each other. */
export type ProxySeries = ReadonlyMap<string, readonly Series[]>;

/** The later series, with what came to each in the place of its value. Of a proxy that was not read before, nobody knows: 0. */
export function changesBetween(before: ProxySeries, after: ProxySeries): readonly Series[] {
  return [...after].flatMap(([proxy, series]) => {
    const known = before.get(proxy);
    if (known === undefined) return series.map((one) => ({ ...one, value: 0 }));
    const values = new Map(known.map((one) => [keyOf(one), one.value]));
    return series.map((one) => ({ ...one, value: changeOf(values.get(keyOf(one)) ?? 0, one.value) }));
  });
}

const keyOf = ({ name, labels }: Series): string => JSON.stringify([name, labels]);

/** A proxy that was started anew has counted from zero. */
const changeOf = (before: number, after: number): number => (after < before ? after : after - before);
