/**
 * Matches that no request reaches: an earlier one of the host takes all that they could take, because it matches the same
 * or everything. Whether several earlier ones do so together is not looked at.
 */
import type { HttpEntry, HttpMatch, VirtualHost } from "../../model/index.ts";

export interface UnreachableMatch {
  readonly entry: HttpEntry;
  /** What comes before it. */
  readonly by: HttpEntry;
}

/** One pass over the host's entries. */
export function unreachableMatches({ entries }: Pick<VirtualHost, "entries">): UnreachableMatch[] {
  const first = new Map<string, HttpEntry>();
  let everything: HttpEntry | undefined;
  return entries.flatMap((entry) => {
    const key = keyOf(entry.match);
    const by = everything ?? first.get(key);
    if (by === undefined) {
      first.set(key, entry);
      if (key === EVERYTHING) everything = entry;
      return [];
    }
    // The same words twice in one rule are harmless, and preflights of rules for one path meet as a matter of course.
    return by.rule === entry.rule || isPreflight(entry.match) ? [] : [{ entry, by }];
  });
}

const EVERYTHING = "PathPrefix /";

/** Entries live as long as their routes, which is longer than the hosts that are made of them. */
const keys = new WeakMap<HttpMatch, string>();

function keyOf(match: HttpMatch): string {
  const known = keys.get(match);
  if (known !== undefined) return known;
  const { path, method, headers, queryParams } = match;
  const bare = method === undefined && headers.length === 0 && queryParams.length === 0;
  const key = `${path.type} ${path.value}${bare ? "" : JSON.stringify([method ?? "", headers, queryParams])}`;
  keys.set(match, key);
  return key;
}

const isPreflight = ({ method, headers }: HttpMatch): boolean =>
  method === "OPTIONS" && headers.some(({ name }) => name === "access-control-request-method");
