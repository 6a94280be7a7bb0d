/**
 * Statuses of BackendTLSPolicies and XBackends: one ancestor for each Gateway whose routes send traffic to the target. A
 * policy that loses every one of its targets to an older one is Conflicted.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-713/
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { NamespacedName } from "../../model/index.ts";
import {
  compareText,
  experimentalGroup,
  gatewayGroup,
  kinds,
  objectKeyOf,
  type OwnCondition,
  type ParentReference,
} from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import type { Inputs } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { RouteRules } from "../rules/route-rules.ts";
import { type PolicyResult, targetKey } from "./policy-result.ts";
import type { TlsBinding } from "./tls-bindings.ts";

/** That a Gateway's routes send traffic to a Service or XBackend. */
interface GatewayUse {
  readonly key: string;
  readonly target: string;
  readonly gateway: NamespacedName;
}

export interface PolicyStatusSources {
  readonly inputs: Inputs;
  readonly rules: Collection<RouteRules>;
  readonly results: Collection<PolicyResult>;
  readonly bindings: Collection<TlsBinding>;
  readonly controllerName: string;
}

export interface PolicyStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function derivePolicyStatuses(graph: Graph, sources: PolicyStatusSources): PolicyStatuses {
  const { inputs, rules, results, bindings, controllerName } = sources;
  const uses = deriveUses(graph, rules);
  const byTarget = graph.index(uses, "by target", ({ target }) => [target]);
  const gatewaysOf = (read: Reader, target: string): NamespacedName[] =>
    read.by(byTarget, target).map(({ gateway }) => gateway);
  const policies = graph.derive({
    name: "translate/BackendTlsPolicyStatuses",
    key: (status: ObjectStatus) => status.key,
    from: results,
    reads: [uses, bindings],
    map: (policy, read) => {
      const gateways = policy.targets.flatMap(({ service }) =>
        gatewaysOf(read, `Service/${policy.namespace}/${service}`),
      );
      const conditions = conditionsOf(policy, acceptedOf(policy, bindings, read));
      return gateways.length === 0 ? [] : [policyStatusOf(policy, ancestorsOf(gateways, controllerName, conditions))];
    },
  });
  const xBackends = graph.derive({
    name: "translate/XBackendStatuses",
    key: (status: ObjectStatus) => status.key,
    from: inputs.xBackends,
    reads: [uses],
    map: ({ apiVersion, kind, metadata, spec }, read) => {
      const { namespace, name, generation = 0 } = metadata;
      const gateways = gatewaysOf(read, `XBackend/${namespace}/${name}`);
      if (gateways.length === 0) return [];
      const accepted = spec.type === "EndpointSelector" ? SELECTOR_UNSUPPORTED : ACCEPTED;
      const ancestors = ancestorsOf(gateways, controllerName, [
        { type: "Accepted", ...accepted, observedGeneration: generation },
      ]);
      const key = objectKeyOf({ apiVersion, kind, metadata });
      return [
        { key, apiVersion: `${experimentalGroup}/v1alpha1`, kind, namespace, name, generation, status: { ancestors } },
      ];
    },
  });
  return {
    statuses: graph.union({ name: "translate/PolicyStatuses", of: [policies, xBackends] }),
    findings: deriveFindings(graph, results, bindings),
  };
}

function deriveUses(graph: Graph, rules: Collection<RouteRules>): Collection<GatewayUse> {
  const groups = graph.groups<RouteRules>({
    name: "translate/TargetsOfGateways",
    of: rules,
    by: ({ targets, gateway }) => targets.map((target) => `${target}|${gateway.namespace}/${gateway.name}`),
  });
  return graph.derive({
    name: "translate/GatewayUses",
    key: (use: GatewayUse) => use.key,
    from: groups,
    map: ({ key, members: [first] }: Group<RouteRules>) =>
      first ? [{ key, target: key.slice(0, key.indexOf("|")), gateway: first.gateway }] : [],
  });
}

const ACCEPTED: Verdict = { status: "True", reason: "Accepted", message: "The backend can be used" };
const SELECTOR_UNSUPPORTED: Verdict = {
  status: "False",
  reason: "Invalid",
  message:
    "There are no pods to select here; name the backend by a Service with EndpointSlices or by an external hostname",
};

function acceptedOf(policy: PolicyResult, bindings: Collection<TlsBinding>, read: Reader): Verdict {
  if (policy.targets.length === 0)
    return {
      status: "False",
      reason: "TargetNotFound",
      message: "No targetRef names a Service, which is the only kind of target",
    };
  const rivals = policy.targets.map((target) => read.get(bindings, targetKey(policy.namespace, target)));
  const won = rivals.some((binding) => binding === undefined || binding.policy === policy.key);
  if (won) return policy.accepted;
  const names = [...new Set(rivals.map((binding) => binding?.name))].join(", ");
  return {
    status: "False",
    reason: "Conflicted",
    message: `BackendTLSPolicy ${names}, which is older, is in force for the same target`,
  };
}

function conditionsOf(policy: PolicyResult, accepted: Verdict): OwnCondition[] {
  const { generation: observedGeneration, resolvedRefs } = policy;
  return [
    { type: "Accepted", ...accepted, observedGeneration },
    { type: "ResolvedRefs", ...resolvedRefs, observedGeneration },
  ];
}

function ancestorsOf(gateways: readonly NamespacedName[], controllerName: string, conditions: readonly OwnCondition[]) {
  const unique = new Map(gateways.map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]));
  return [...unique.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, { namespace, name }]) => {
      const ancestorRef: ParentReference = { group: gatewayGroup, kind: "Gateway", namespace, name };
      return { ancestorRef, controllerName, conditions };
    });
}

function policyStatusOf(policy: PolicyResult, ancestors: ReturnType<typeof ancestorsOf>): ObjectStatus {
  const { key, namespace, name, generation } = policy;
  const apiVersion = `${gatewayGroup}/${kinds.BackendTLSPolicy.versions[0]}`;
  return { key, apiVersion, kind: "BackendTLSPolicy", namespace, name, generation, status: { ancestors } };
}

function deriveFindings(
  graph: Graph,
  results: Collection<PolicyResult>,
  bindings: Collection<TlsBinding>,
): Collection<Finding> {
  return graph.derive({
    name: "translate/BackendTlsPolicyFindings",
    key: (finding: Finding) => finding.key,
    from: results,
    reads: [bindings],
    map: (policy, read) => {
      const bad = [acceptedOf(policy, bindings, read), policy.resolvedRefs].filter(({ status }) => status === "False");
      return bad.map(({ reason, message }) =>
        findingOf({
          object: policy.key,
          severity: "error",
          code: codeOfReason("policy", reason),
          path: "spec",
          message,
        }),
      );
    },
  });
}
