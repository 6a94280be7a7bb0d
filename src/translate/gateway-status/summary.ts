/** What the listeners of a Gateway or ListenerSet come to together. */
import type { ConditionVerdict } from "../conditions.ts";
import type { ListenerResult } from "./derive-listener-statuses.ts";

export interface ListenerSummary {
  /** Names of those that are not accepted, in the order in which they are stated. */
  readonly refused: readonly string[];
  /** As `refused`, with those that cannot serve for another reason. */
  readonly idle: readonly string[];
  readonly total: number;
}

export function summarise(results: readonly ListenerResult[]): ListenerSummary {
  return {
    refused: results.filter(({ accepted }) => accepted.status === "False").map(({ name }) => name),
    idle: results.filter(({ accepted, serving }) => !serving || accepted.status === "False").map(({ name }) => name),
    total: results.length,
  };
}

/**
 * Programmed of the whole, from listeners of which at least one can serve: True when one is programmed and none is still
 * awaited, since one that has failed for good keeps the others from nothing.
 */
export function programmedTogether(results: readonly ListenerResult[]): ConditionVerdict {
  const serving = results.filter((result) => result.serving);
  const waiting = serving.filter(({ programmed }) => programmed.reason === "Pending");
  const failed = serving.filter(({ programmed }) => programmed.status === "False" && programmed.reason !== "Pending");
  const [worst] = failed;
  const done = serving.length - waiting.length - failed.length;
  if (waiting.length > 0) {
    const names = waiting.map(({ name }) => name).join(", ");
    return { status: "False", reason: "Pending", message: `No proxy has acknowledged this generation of ${names} yet` };
  }
  if (worst !== undefined && done === 0) {
    return { status: "False", reason: worst.programmed.reason, message: `${worst.name}: ${worst.programmed.message}` };
  }
  const message =
    worst === undefined
      ? "Every proxy listens"
      : `Every proxy listens, but not for ${failed.map(({ name }) => name).join(", ")}`;
  return { status: "True", reason: "Programmed", message };
}
