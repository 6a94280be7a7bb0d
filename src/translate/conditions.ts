/** Verdicts as the conditions of a status. */
import type { ConditionStatus, OwnCondition } from "../resources/index.ts";

export interface ConditionVerdict {
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

export const conditionOf = (
  type: string,
  { status, reason, message }: ConditionVerdict,
  observedGeneration: number,
): OwnCondition => ({ type, status, reason, message, observedGeneration });

/** `NoMatchingParent` as `no-matching-parent`, for the codes of findings. */
export const kebabOf = (reason: string): string =>
  reason.replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();
