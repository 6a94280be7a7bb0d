/** What an AccessPolicy names as its targets, all in its own namespace. */
import { type AccessPolicy, compareText, objectKeyOf } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";

type TargetKind = NonNullable<AccessPolicy["spec"]["targetRefs"]>[number]["kind"];

/** Names of the targets of a kind, each once, sorted. */
export const targetsOf = ({ spec: { targetRefs = [] } }: AccessPolicy, kind: TargetKind): readonly string[] =>
  [...new Set(targetRefs.flatMap((target) => (target.kind === kind ? target.name : [])))].sort(compareText);

export function pathOfTarget({ spec: { targetRefs = [] } }: AccessPolicy, kind: TargetKind, name: string): string {
  return `spec.targetRefs[${targetRefs.findIndex((target) => target.kind === kind && target.name === name)}]`;
}

export const targetMissing = (policy: AccessPolicy, kind: "Gateway" | "XBackend", name: string): Finding =>
  findingOf({
    object: objectKeyOf(policy),
    severity: "error",
    code: "access-policy-target-not-found",
    path: pathOfTarget(policy, kind, name),
    message: `there is no ${kind} ${policy.metadata.namespace}/${name}`,
    advice: `Name ${kind === "Gateway" ? "a" : "an"} ${kind} of the policy's own namespace`,
  });
