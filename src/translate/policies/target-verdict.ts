/**
 * What becomes of a policy that several targets may each be lost to: it is in force for the others, and refused only where it governs
 * none. https://gateway-api.sigs.k8s.io/geps/gep-713/
 */
import type { Verdict } from "../attachment.ts";
import type { RuleNotice } from "../rules/route-rules.ts";

/** A target that the policy does not govern. */
export interface TargetLoss {
  /** Position in `spec.targetRefs`. */
  readonly index: number;
  readonly reason: "Conflicted" | "TargetNotFound";
  readonly message: string;
  /** What to do about it, where the reason does not say. */
  readonly advice?: string;
}

export interface PolicyVerdict {
  readonly accepted: Verdict;
  /** Targets that the policy does not govern, while it governs others. */
  readonly notices: readonly RuleNotice[];
}

/** `accepted` is what the policy is told where it governs at least one of its `targets`. */
export function verdictOfLosses(targets: number, losses: readonly TargetLoss[], accepted: Verdict): PolicyVerdict {
  const [first] = losses;
  if (first !== undefined && losses.length === targets) {
    const message = losses.map((loss) => loss.message).join("; ");
    return { accepted: { status: "False", reason: first.reason, message }, notices: [] };
  }
  return { accepted, notices: losses.map(noticeOf) };
}

const noticeOf = ({ index, reason, message, advice }: TargetLoss): RuleNotice => ({
  code: reason === "Conflicted" ? "policy-target-conflicted" : "policy-target-not-found",
  path: `spec.targetRefs[${index}]`,
  message,
  advice: advice ?? (reason === "Conflicted" ? "Take the target out of one of the policies" : "Name one that exists"),
});
