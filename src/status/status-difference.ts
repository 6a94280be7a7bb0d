/**
 * What kind of news a status is, against what is stored: how soon it is written depends on it, and what stands in line
 * before it.
 */
import { isDeepStrictEqual } from "node:util";
import type { Condition } from "../resources/index.ts";
import type { StoredStatus } from "./merge-status.ts";

/**
 * `first`: nobody has said anything yet. `verdict`: a condition says something else, or speaks of another generation, or
 * an address changes. `count`: only numbers or words.
 */
export type StatusNews = "first" | "verdict" | "count";

export function newsOf(stored: StoredStatus | undefined, merged: StoredStatus, controllerName: string): StatusNews {
  if (!hasVerdict(stored, controllerName)) return "first";
  return isDeepStrictEqual(verdictsOf(stored), verdictsOf(merged)) ? "count" : "verdict";
}

/** Whether there is an entry of Trilith's: `status.parents` and `ancestors` name their controller. */
export function hasOwnEntry(status: StoredStatus | undefined, controllerName: string): boolean {
  const entries = [...(status?.parents ?? []), ...(status?.ancestors ?? [])];
  return entries.some((entry) => entry.controllerName === controllerName);
}

/** Conditions that the CRD itself fills in are Unknown. */
function hasVerdict(status: StoredStatus | undefined, controllerName: string): boolean {
  if (status?.conditions) return status.conditions.some((condition) => condition.status !== "Unknown");
  return hasOwnEntry(status, controllerName);
}

/** Everything but messages, times and numbers. */
function verdictsOf(status: StoredStatus | undefined): unknown {
  const { conditions = [], listeners = [], parents = [], ancestors = [], ...others } = status ?? {};
  return [
    "addresses" in others ? others.addresses : undefined,
    conditions.map(verdictOf),
    listeners.map((listener) => [listener.name, listener.conditions.map(verdictOf)]),
    [...parents, ...ancestors].map((entry) => [
      entry.parentRef,
      entry.ancestorRef,
      entry.controllerName,
      entry.conditions.map(verdictOf),
    ]),
  ];
}

const verdictOf = ({ type, status, reason, observedGeneration }: Condition): unknown => [
  type,
  status,
  reason,
  observedGeneration,
];
