/**
 * Statuses of XTelemetryPolicies, and findings about them: an ancestor for each Gateway of ours that a policy names, which says
 * whether the policy is in force there.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { experimentalGroup, gatewayGroup, objectKeyOf, type XTelemetryPolicy } from "../../resources/index.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import type { ObjectStatus } from "../object-status.ts";
import { ancestorsOf } from "../policies/ancestors.ts";
import { type TelemetryBinding, targetsOfPolicy } from "./telemetry-bindings.ts";

export interface TelemetrySources {
  readonly policies: Collection<XTelemetryPolicy>;
  readonly bindings: Collection<TelemetryBinding>;
  readonly controllerName: string;
}

export interface TelemetryStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveTelemetryStatuses(graph: Graph, sources: TelemetrySources): TelemetryStatuses {
  const { policies, bindings, controllerName } = sources;
  const statuses = graph.derive({
    name: "translate/TelemetryPolicyStatuses",
    key: (status: ObjectStatus) => status.key,
    from: policies,
    reads: [bindings],
    map: (policy, read) => {
      const { namespace, name, generation = 0 } = policy.metadata;
      const bound = boundOf(policy, bindings, read);
      if (bound.length === 0) return [];
      const ancestors = bound.flatMap((binding) => {
        const conditions = [
          conditionOf("Accepted", acceptedOf(policy, binding), generation),
          ...(isInForce(policy, binding) ? [conditionOf("ResolvedRefs", binding.resolvedRefs, generation)] : []),
        ];
        return ancestorsOf([binding.gateway], controllerName, conditions);
      });
      const key = objectKeyOf(policy);
      const apiVersion = `${experimentalGroup}/v1alpha1`;
      return [{ key, apiVersion, kind: policy.kind, namespace, name, generation, status: { ancestors } }];
    },
  });
  const findings = graph.derive({
    name: "translate/TelemetryPolicyFindings",
    key: (finding: Finding) => finding.key,
    from: policies,
    reads: [bindings],
    map: (policy, read) => [...targetFindings(policy, bindings, read), ...bindingFindings(policy, bindings, read)],
  });
  return { statuses, findings };
}

const boundOf = (policy: XTelemetryPolicy, bindings: Collection<TelemetryBinding>, read: Reader): TelemetryBinding[] =>
  targetsOfPolicy(policy).flatMap((key) => read.get(bindings, key) ?? []);

const isInForce = (policy: XTelemetryPolicy, binding: TelemetryBinding): boolean =>
  binding.policy === objectKeyOf(policy);

function acceptedOf(policy: XTelemetryPolicy, binding: TelemetryBinding): ConditionVerdict {
  if (isInForce(policy, binding)) return { status: "True", reason: "Accepted", message: "The policy is in force" };
  const { name, gateway } = binding;
  const message = `XTelemetryPolicy ${name}, which comes first, is in force for Gateway ${gateway.namespace}/${gateway.name}`;
  return { status: "False", reason: "Conflicted", message };
}

function targetFindings(policy: XTelemetryPolicy, bindings: Collection<TelemetryBinding>, read: Reader): Finding[] {
  const object = objectKeyOf(policy);
  const foreign = policy.spec.targetRefs.flatMap(({ group, kind }, index) =>
    group === gatewayGroup && kind === "Gateway"
      ? []
      : [
          findingOf({
            object,
            severity: "warning",
            code: "policy-target-not-supported",
            path: `spec.targetRefs[${index}]`,
            message: `a ${kind} is no target of an XTelemetryPolicy; only Gateways are`,
            advice: "Name a Gateway",
          }),
        ],
  );
  if (boundOf(policy, bindings, read).length > 0) return foreign;
  const message = "no targetRef names a Gateway of ours in the policy's namespace, so that the policy has no effect";
  return [
    ...foreign,
    findingOf({ object, severity: "warning", code: "policy-without-target", path: "spec.targetRefs", message }),
  ];
}

function bindingFindings(policy: XTelemetryPolicy, bindings: Collection<TelemetryBinding>, read: Reader): Finding[] {
  const object = objectKeyOf(policy);
  const found = boundOf(policy, bindings, read).flatMap((binding) => {
    const { status, message } = acceptedOf(policy, binding);
    if (status === "False")
      return [findingOf({ object, severity: "error", code: "policy-conflicted", path: "spec.targetRefs", message })];
    return [
      ...binding.problems.map(({ reason, path, message: why }) =>
        findingOf({ object, severity: "error", code: codeOfReason("reference", reason), path, message: why }),
      ),
      ...binding.notices.map((notice) => findingOf({ object, severity: "warning", ...notice })),
    ];
  });
  // Several Gateways find the same things.
  return [...new Map(found.map((finding) => [finding.key, finding])).values()];
}
