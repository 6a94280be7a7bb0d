/**
 * Keeps a status within what the API server takes: one field too long, and it refuses the whole. What others wrote has the
 * first right to a place, since it is there already.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#routestatus, #policystatus
 */
import type { Condition } from "../resources/index.ts";
import type { StoredStatus } from "./merge-status.ts";

const MAX_MESSAGE = 32_768;
const MAX_CONDITIONS = 8;
const MAX_PARENTS = 32;
const MAX_ANCESTORS = 16;
/** Ends a message that was cut. */
const MORE = " …";

interface WithConditions {
  readonly conditions: readonly Condition[];
}

/** `merged` as it can be written; the very same where nothing is too long. Others' parts must come first in its lists. */
export function limitStatus(merged: StoredStatus): StoredStatus {
  const { conditions, listeners, parents, ancestors } = merged;
  if (fits(merged)) return merged;
  return {
    ...merged,
    ...(conditions && { conditions: limitConditions(conditions) }),
    ...(listeners && { listeners: listeners.map(limitEntry) }),
    ...(parents && { parents: parents.slice(0, MAX_PARENTS).map(limitEntry) }),
    ...(ancestors && { ancestors: ancestors.slice(0, MAX_ANCESTORS).map(limitEntry) }),
  };
}

function fits({ conditions = [], listeners = [], parents = [], ancestors = [] }: StoredStatus): boolean {
  const lists = [conditions, ...[...listeners, ...parents, ...ancestors].map((entry) => entry.conditions)];
  return (
    parents.length <= MAX_PARENTS &&
    ancestors.length <= MAX_ANCESTORS &&
    lists.every((list) => list.length <= MAX_CONDITIONS && list.every(({ message }) => message.length <= MAX_MESSAGE))
  );
}

const limitEntry = <Entry extends WithConditions>(entry: Entry): Entry => ({
  ...entry,
  conditions: limitConditions(entry.conditions),
});

/** Conditions of the Gateway API come before those that only one controller knows, whose types have a domain. */
function limitConditions(conditions: readonly Condition[]): readonly Condition[] {
  const dropped = new Set(
    conditions.toSorted((a, b) => Number(a.type.includes("/")) - Number(b.type.includes("/"))).slice(MAX_CONDITIONS),
  );
  return conditions
    .filter((condition) => !dropped.has(condition))
    .map((condition) =>
      condition.message.length <= MAX_MESSAGE
        ? condition
        : { ...condition, message: condition.message.slice(0, MAX_MESSAGE - MORE.length).toWellFormed() + MORE },
    );
}
