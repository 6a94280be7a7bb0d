/**
 * Statuses of BackendPolicies, and findings about them: an entry for each Gateway that sends traffic to a target. Where there is a
 * mesh, whose sidecars are nobody's in particular, and where no Gateway sends any, there is one for each target.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { experimentalGroup, kinds, objectKey, trilithGroup } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { conditionOf } from "../conditions.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { Inputs } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import { ancestorsOf, type OwnAncestor, targetAncestorOf, verdictFinding } from "../policies/ancestors.ts";
import type { GatewayUses } from "../policies/gateway-uses.ts";
import { type PolicyVerdict, type TargetLoss, verdictOfLosses } from "../policies/target-verdict.ts";
import type { BackendPolicyDerivations } from "./backend-policy-bindings.ts";
import { type BackendPolicyResult, type BackendPolicyTarget, backendPolicyTargetKey } from "./backend-policy-result.ts";

export interface BackendPolicySources extends BackendPolicyDerivations {
  readonly inputs: Pick<Inputs, "services" | "xBackends">;
  readonly uses: GatewayUses;
  readonly controllerName: string;
  readonly hasMesh: boolean;
}

export interface BackendPolicyStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveBackendPolicyStatuses(graph: Graph, sources: BackendPolicySources): BackendPolicyStatuses {
  const { results, bindings, inputs, uses } = sources;
  const around = [bindings, inputs.services, inputs.xBackends];
  return {
    statuses: graph.derive({
      name: "translate/BackendPolicyStatuses",
      key: (status: ObjectStatus) => status.key,
      from: results,
      reads: [...around, uses.of],
      map: (policy, read) => [statusOf(policy, sources, read)],
    }),
    findings: graph.derive({
      name: "translate/BackendPolicyFindings",
      key: (finding: Finding) => finding.key,
      from: results,
      reads: around,
      map: (policy, read) => {
        const { accepted, notices } = verdictOf(policy, sources, read);
        return [
          ...(accepted.status === "False" ? [verdictFinding(policy.key, "policy", accepted)] : []),
          ...notices.map((notice) => findingOf({ object: policy.key, severity: "warning", ...notice })),
        ];
      },
    }),
  };
}

function statusOf(policy: BackendPolicyResult, sources: BackendPolicySources, read: Reader): ObjectStatus {
  const { key, namespace, name, generation, targets } = policy;
  const { uses, controllerName, hasMesh } = sources;
  const conditions = [conditionOf("Accepted", verdictOf(policy, sources, read).accepted, generation)];
  const gateways = targets.flatMap((target) =>
    read.by(uses.byTarget, `${target.kind}/${namespace}/${target.name}`).map(({ gateway }) => gateway),
  );
  const distinct = new Map(targets.map(({ kind, name: target }) => [`${kind}/${target}`, { kind, name: target }]));
  const ofTargets = [...distinct.values()].map((target): OwnAncestor => {
    const ancestorRef = { group: groupOf(target.kind), kind: target.kind, namespace, name: target.name };
    return targetAncestorOf(ancestorRef, controllerName, conditions);
  });
  const ancestors = ancestorsOf(gateways, controllerName, conditions, {
    others: hasMesh || gateways.length === 0 ? ofTargets : [],
  });
  const apiVersion = `${trilithGroup}/${kinds.BackendPolicy.versions[0]}`;
  return { key, apiVersion, kind: "BackendPolicy", namespace, name, generation, status: { ancestors } };
}

const ACCEPTED: Verdict = { status: "True", reason: "Accepted", message: "The policy is in force" };

function verdictOf(policy: BackendPolicyResult, sources: BackendPolicySources, read: Reader): PolicyVerdict {
  const losses = policy.targets.flatMap((target) => lossOf(policy, target, sources, read) ?? []);
  return verdictOfLosses(policy.targets.length, losses, ACCEPTED);
}

function lossOf(
  { key, namespace }: BackendPolicyResult,
  target: BackendPolicyTarget,
  { inputs, bindings }: BackendPolicySources,
  read: Reader,
): TargetLoss | undefined {
  const { kind, name, sectionName, index } = target;
  const label = `${kind} ${namespace}/${name}`;
  const object = objectKey({ group: groupOf(kind), kind, namespace, name });
  const sections: readonly (string | undefined)[] | undefined =
    kind === "XBackend"
      ? read.pick(inputs.xBackends, object, (found) => found && [])
      : read.pick(inputs.services, object, (found) => found && (found.spec.ports ?? []).map((port) => port.name));
  if (sections === undefined)
    return { index, reason: "TargetNotFound", message: `${label} does not exist`, advice: `Make the ${kind}` };
  if (sectionName !== undefined && !sections.includes(sectionName))
    return {
      index,
      reason: "TargetNotFound",
      message: `${label} has no port named ${sectionName}`,
      advice: "Name a port that the Service has",
    };
  const binding = read.get(bindings, backendPolicyTargetKey(namespace, target));
  if (binding === undefined || binding.policy === key) return undefined;
  const what = sectionName === undefined ? label : `port ${sectionName} of ${label}`;
  const message = `BackendPolicy ${binding.name}, which comes first, is in force for ${what}`;
  return { index, reason: "Conflicted", message };
}

const groupOf = (kind: BackendPolicyTarget["kind"]): string => (kind === "Service" ? "" : experimentalGroup);
