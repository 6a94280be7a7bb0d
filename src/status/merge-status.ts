/**
 * Brings Trilith's part of a status into what is there: conditions by type, listeners by name, parents and ancestors by
 * what they refer to and whose they are. What others wrote stays, in its place.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#routestatus
 */
import { isDeepStrictEqual } from "node:util";
import { type Condition, mergeConditions, type OwnCondition, type ParentReference } from "../resources/index.ts";

/** A status as the API holds it; only what is merged here is typed. */
export interface StoredStatus {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly StoredListener[];
  readonly parents?: readonly StoredEntry[];
  readonly ancestors?: readonly StoredEntry[];
}

interface StoredListener {
  readonly name: string;
  readonly conditions: readonly Condition[];
}

interface StoredEntry {
  readonly parentRef?: ParentReference;
  readonly ancestorRef?: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

/** Trilith's part: the same without times. */
export interface StatedStatus {
  readonly conditions?: readonly OwnCondition[];
  readonly listeners?: readonly { readonly name: string; readonly conditions: readonly OwnCondition[] }[];
  readonly parents?: readonly StatedEntry[];
  readonly ancestors?: readonly StatedEntry[];
}

interface StatedEntry {
  readonly parentRef?: ParentReference;
  readonly ancestorRef?: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly OwnCondition[];
}

/** Types of conditions that Trilith writes and takes away again; others that it no longer states are somebody else's. */
const OWNED_CONDITIONS: readonly string[] = [
  "AddressesAssigned",
  "Conflicted",
  "InsecureFrontendValidationMode",
  "OverlappingTLSConfig",
  "PartiallyInvalid",
  "ResolvedRefs",
  "trilith.dev/Programmed",
];

/**
 * The status with `stated` in it; `existing` itself where nothing changes. `stated` undefined takes Trilith's entries away.
 * `controllerName` tells whose entries are Trilith's; `now` is RFC 3339.
 */
export function mergeStatus(
  existing: StoredStatus,
  stated: StatedStatus | undefined,
  controllerName: string,
  now: string,
): StoredStatus {
  const { conditions, listeners, parents, ancestors, ...others } = stated ?? {};
  const merged: StoredStatus = {
    ...existing,
    ...others,
    ...(conditions && { conditions: mergeConditions(existing.conditions ?? [], conditions, now, OWNED_CONDITIONS) }),
    ...(listeners && { listeners: mergeListeners(existing.listeners ?? [], listeners, now) }),
    ...((parents ?? existing.parents) && {
      parents: mergeEntries(existing.parents ?? [], parents ?? [], controllerName, now),
    }),
    ...((ancestors ?? existing.ancestors) && {
      ancestors: mergeEntries(existing.ancestors ?? [], ancestors ?? [], controllerName, now),
    }),
  };
  return isDeepStrictEqual(merged, existing) ? existing : merged;
}

/** A listener's status goes with the listener; conditions that others added to one that stays are kept. */
function mergeListeners(
  existing: readonly StoredListener[],
  stated: NonNullable<StatedStatus["listeners"]>,
  now: string,
): StoredListener[] {
  const before = new Map(existing.map((listener) => [listener.name, listener]));
  return stated.map((listener) => ({
    ...listener,
    conditions: mergeConditions(
      before.get(listener.name)?.conditions ?? [],
      listener.conditions,
      now,
      OWNED_CONDITIONS,
    ),
  }));
}

function mergeEntries(
  existing: readonly StoredEntry[],
  stated: readonly StatedEntry[],
  controllerName: string,
  now: string,
): StoredEntry[] {
  const foreign = existing.filter((entry) => entry.controllerName !== controllerName);
  const before = existing.filter((entry) => entry.controllerName === controllerName);
  const own = stated.map((entry) => {
    const old = before.find((candidate) => isDeepStrictEqual(referenceOf(candidate), referenceOf(entry)));
    return { ...entry, conditions: mergeConditions(old?.conditions ?? [], entry.conditions, now, OWNED_CONDITIONS) };
  });
  return [...foreign, ...own];
}

const referenceOf = ({ parentRef, ancestorRef }: StatedEntry | StoredEntry): ParentReference | undefined =>
  parentRef ?? ancestorRef;
