/**
 * What becomes of a BackendTLSPolicy where it meets its targets: conflicts with older policies, and ports that its
 * targets do not have.
 *
 * https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/#conflict-resolution
 */
import type { Collection, Reader } from "../../collections/index.ts";
import { objectKey } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import type { Inputs } from "../inputs.ts";
import type { RuleNotice } from "../rules/route-rules.ts";
import { type PolicyResult, type PolicyTarget, targetKey } from "./policy-result.ts";
import type { TlsBinding } from "./tls-bindings.ts";

/** What a derivation reads for it: `bindings` and `inputs.services`. */
export interface PolicySurroundings {
  readonly inputs: Inputs;
  readonly bindings: Collection<TlsBinding>;
}

export interface PolicyVerdict {
  readonly accepted: Verdict;
  /** Targets that the policy does not govern, while it governs others. */
  readonly notices: readonly RuleNotice[];
}

/** A policy is refused when it governs none of its targets: it is in force for the others even where one is lost. */
export function policyVerdictOf(policy: PolicyResult, around: PolicySurroundings, read: Reader): PolicyVerdict {
  if (policy.targets.length === 0)
    return {
      accepted: no("TargetNotFound", "No targetRef names a Service, which is the only kind of target"),
      notices: [],
    };
  const losses = policy.targets.map((target) => lossOf(policy, target, around, read));
  const lost = losses.flatMap((loss) => loss ?? []);
  const [first] = lost;
  if (first !== undefined && lost.length === losses.length)
    return { accepted: no(first.reason, lost.map(({ message }) => message).join("; ")), notices: [] };
  const notices = lost.map(({ reason, message, target }) => ({
    code: reason === "Conflicted" ? "policy-target-conflicted" : "policy-target-not-found",
    path: `spec.targetRefs[${target.index}]`,
    message,
    advice: reason === "Conflicted" ? "Take the target out of one of the policies" : "Name a port that the Service has",
  }));
  return { accepted: policy.accepted, notices };
}

interface Loss {
  readonly target: PolicyTarget;
  readonly reason: "Conflicted" | "TargetNotFound";
  readonly message: string;
}

function lossOf(
  policy: PolicyResult,
  target: PolicyTarget,
  { inputs, bindings }: PolicySurroundings,
  read: Reader,
): Loss | undefined {
  const { service: name, sectionName } = target;
  const { namespace } = policy;
  const ports = read.pick(inputs.services, objectKey({ group: "", kind: "Service", namespace, name }), (service) =>
    service?.spec.ports?.map((port) => port.name),
  );
  if (sectionName !== undefined && ports !== undefined && !ports.includes(sectionName))
    return {
      target,
      reason: "TargetNotFound",
      message: `Service ${namespace}/${name} has no port named ${sectionName}`,
    };
  const binding = read.get(bindings, targetKey(namespace, target));
  if (binding === undefined || binding.policy === policy.key) return undefined;
  const message = `BackendTLSPolicy ${binding.name}, which comes first, is in force for ${portOf(target)} of Service ${namespace}/${name}`;
  return { target, reason: "Conflicted", message };
}

const portOf = ({ sectionName }: PolicyTarget): string =>
  sectionName === undefined ? "all ports" : `port ${sectionName}`;

const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
