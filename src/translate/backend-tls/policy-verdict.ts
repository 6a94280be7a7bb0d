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
import { type PolicyVerdict, type TargetLoss, verdictOfLosses } from "../policies/target-verdict.ts";
import { type PolicyResult, type PolicyTarget, targetKey } from "./policy-result.ts";
import type { TlsBinding } from "./tls-bindings.ts";

/** What a derivation reads for it: `bindings` and `inputs.services`. */
export interface PolicySurroundings {
  readonly inputs: Inputs;
  readonly bindings: Collection<TlsBinding>;
}

export function policyVerdictOf(policy: PolicyResult, around: PolicySurroundings, read: Reader): PolicyVerdict {
  if (policy.targets.length === 0)
    return {
      accepted: no("TargetNotFound", "No targetRef names a Service, which is the only kind of target"),
      notices: [],
    };
  const losses = policy.targets.flatMap((target) => lossOf(policy, target, around, read) ?? []);
  return verdictOfLosses(policy.targets.length, losses, policy.accepted);
}

function lossOf(
  policy: PolicyResult,
  target: PolicyTarget,
  { inputs, bindings }: PolicySurroundings,
  read: Reader,
): TargetLoss | undefined {
  const { service: name, sectionName, index } = target;
  const { namespace } = policy;
  const ports = read.pick(inputs.services, objectKey({ group: "", kind: "Service", namespace, name }), (service) =>
    service?.spec.ports?.map((port) => port.name),
  );
  if (sectionName !== undefined && ports !== undefined && !ports.includes(sectionName))
    return {
      index,
      reason: "TargetNotFound",
      message: `Service ${namespace}/${name} has no port named ${sectionName}`,
      advice: "Name a port that the Service has",
    };
  const binding = read.get(bindings, targetKey(namespace, target));
  if (binding === undefined || binding.policy === policy.key) return undefined;
  const message = `BackendTLSPolicy ${binding.name}, which comes first, is in force for ${portOf(target)} of Service ${namespace}/${name}`;
  return { index, reason: "Conflicted", message };
}

const portOf = ({ sectionName }: PolicyTarget): string =>
  sectionName === undefined ? "all ports" : `port ${sectionName}`;

const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
