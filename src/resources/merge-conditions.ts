/** Brings one's own conditions into a list that others write to as well. */
import type { Condition } from "./types/status.ts";

/** A condition as its owner states it; when it last changed follows from what was there. */
export type OwnCondition = Omit<Condition, "lastTransitionTime">;

/**
 * `existing` with `own` in it, by type. Conditions of other types stay as they are and where they are, but for those in
 * `ownedTypes` that `own` no longer has: they go. `lastTransitionTime` is kept where `status` stays, and is `now` (RFC
 * 3339) otherwise. Gives `existing` itself when nothing changes.
 */
export function mergeConditions(
  existing: readonly Condition[],
  own: readonly OwnCondition[],
  now: string,
  ownedTypes: readonly string[] = [],
): readonly Condition[] {
  const stated = new Map(own.map((condition) => [condition.type, condition]));
  const dropped = new Set(ownedTypes.filter((type) => !stated.has(type)));
  const kept = existing.filter((condition) => !dropped.has(condition.type));
  const merged = kept.map((condition) => mergeCondition(condition, stated.get(condition.type), now));
  const present = new Set(existing.map((condition) => condition.type));
  const added = [...stated.values()]
    .filter((condition) => !present.has(condition.type))
    .map((condition) => ({ ...condition, lastTransitionTime: now }));
  const result = [...merged, ...added];
  const unchanged =
    result.length === existing.length && result.every((condition, index) => condition === existing[index]);
  return unchanged ? existing : result;
}

function mergeCondition(existing: Condition, own: OwnCondition | undefined, now: string): Condition {
  if (own === undefined) return existing;
  const same =
    own.status === existing.status &&
    own.reason === existing.reason &&
    own.message === existing.message &&
    own.observedGeneration === existing.observedGeneration;
  if (same) return existing;
  return { ...own, lastTransitionTime: own.status === existing.status ? existing.lastTransitionTime : now };
}
