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
  type ObjectKey,
  objectKeyOf,
  type OwnCondition,
  type ParentReference,
} from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { codeOfReason, type Finding, findingOf } from "../finding.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import { xBackendLookup, xBackendResultOf } from "../backends/x-backend-result.ts";
import type { Grants } from "../grants.ts";
import type { Inputs } from "../inputs.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { PolicyResult } from "./policy-result.ts";
import { policyVerdictOf } from "./policy-verdict.ts";
import type { TlsBinding } from "./tls-bindings.ts";

/** That a Gateway's routes send traffic to a Service or XBackend. */
interface GatewayUse {
  readonly key: string;
  readonly target: string;
  readonly gateway: NamespacedName;
}

export interface PolicyStatusSources {
  readonly inputs: Inputs;
  /** Routes, and whatever else sends traffic to backends. */
  readonly users: Collection<BackendUser>;
  readonly results: Collection<PolicyResult>;
  readonly bindings: Collection<TlsBinding>;
  readonly grants: Grants;
  readonly controllerName: string;
}

export interface PolicyStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function derivePolicyStatuses(graph: Graph, sources: PolicyStatusSources): PolicyStatuses {
  const { inputs, users, results, bindings, grants, controllerName } = sources;
  const uses = deriveUses(graph, users);
  const byTarget = graph.index(uses, "by target", ({ target }) => [target]);
  const gatewaysOf = (read: Reader, target: string): NamespacedName[] =>
    read.by(byTarget, target).map(({ gateway }) => gateway);
  const policies = graph.derive({
    name: "translate/BackendTlsPolicyStatuses",
    key: (status: ObjectStatus) => status.key,
    from: results,
    reads: [uses, bindings, inputs.services],
    map: (policy, read) => {
      const gateways = policy.targets.flatMap(({ service }) =>
        gatewaysOf(read, `Service/${policy.namespace}/${service}`),
      );
      const conditions = conditionsOf(policy, policyVerdictOf(policy, sources, read).accepted);
      if (gateways.length === 0) return [];
      return [policyStatusOf(policy, ancestorsOf(gateways, controllerName, conditions, MAX_POLICY_ANCESTORS))];
    },
  });
  const xBackends = graph.derive({
    name: "translate/XBackendStatuses",
    key: (status: ObjectStatus) => status.key,
    from: inputs.xBackends,
    reads: [uses, inputs.trustFacts, inputs.certificateFacts, grants.of],
    map: (backend, read) => {
      const { kind } = backend;
      const { namespace, name, generation = 0 } = backend.metadata;
      const gateways = gatewaysOf(read, `XBackend/${namespace}/${name}`);
      if (gateways.length === 0) return [];
      const { accepted } = xBackendResultOf(backend, xBackendLookup(inputs, grants, read));
      const conditions = [{ type: "Accepted", ...accepted, observedGeneration: generation }];
      const ancestors = ancestorsOf(gateways, controllerName, conditions, MAX_BACKEND_ANCESTORS);
      const key = objectKeyOf(backend);
      return [
        { key, apiVersion: `${experimentalGroup}/v1alpha1`, kind, namespace, name, generation, status: { ancestors } },
      ];
    },
  });
  return {
    statuses: graph.union({ name: "translate/PolicyStatuses", of: [policies, xBackends] }),
    findings: graph.union({
      name: "translate/PolicyFindings",
      of: [derivePolicyFindings(graph, sources), deriveXBackendFindings(graph, sources)],
    }),
  };
}

function deriveUses(graph: Graph, users: Collection<BackendUser>): Collection<GatewayUse> {
  const groups = graph.groups<BackendUser>({
    name: "translate/TargetsOfGateways",
    of: users,
    by: ({ targets, gateway }) => targets.map((target) => `${target}|${gateway.namespace}/${gateway.name}`),
  });
  return graph.derive({
    name: "translate/GatewayUses",
    key: (use: GatewayUse) => use.key,
    from: groups,
    map: ({ key, members: [first] }: Group<BackendUser>) =>
      first ? [{ key, target: key.slice(0, key.indexOf("|")), gateway: first.gateway }] : [],
  });
}

/** What the API holds at most; further Gateways are left out, as it demands. */
const MAX_POLICY_ANCESTORS = 16;
const MAX_BACKEND_ANCESTORS = 32;

function conditionsOf(policy: PolicyResult, accepted: Verdict): OwnCondition[] {
  const { generation: observedGeneration, resolvedRefs } = policy;
  return [
    { type: "Accepted", ...accepted, observedGeneration },
    { type: "ResolvedRefs", ...resolvedRefs, observedGeneration },
  ];
}

function ancestorsOf(
  gateways: readonly NamespacedName[],
  controllerName: string,
  conditions: readonly OwnCondition[],
  maximum: number,
) {
  const unique = new Map(gateways.map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]));
  return [...unique.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .slice(0, maximum)
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

function derivePolicyFindings(graph: Graph, sources: PolicyStatusSources): Collection<Finding> {
  const { inputs, results, bindings } = sources;
  return graph.derive({
    name: "translate/BackendTlsPolicyFindings",
    key: (finding: Finding) => finding.key,
    from: results,
    reads: [bindings, inputs.services],
    map: (policy, read) => {
      const { accepted, notices } = policyVerdictOf(policy, sources, read);
      const bad = [accepted, policy.resolvedRefs].filter(({ status }) => status === "False");
      return [
        ...bad.map((verdict) => verdictFinding(policy.key, "policy", verdict)),
        ...[...policy.notices, ...notices].map((notice) =>
          findingOf({ object: policy.key, severity: "warning", ...notice }),
        ),
      ];
    },
  });
}

function deriveXBackendFindings(graph: Graph, { inputs, grants }: PolicyStatusSources): Collection<Finding> {
  return graph.derive({
    name: "translate/XBackendFindings",
    key: (finding: Finding) => finding.key,
    from: inputs.xBackends,
    reads: [inputs.trustFacts, inputs.certificateFacts, grants.of],
    map: (backend, read) => {
      const { accepted } = xBackendResultOf(backend, xBackendLookup(inputs, grants, read));
      return accepted.status === "False" ? [verdictFinding(objectKeyOf(backend), "backend", accepted)] : [];
    },
  });
}

const verdictFinding = (object: ObjectKey, prefix: string, { reason, message }: Verdict): Finding =>
  findingOf({ object, severity: "error", code: codeOfReason(prefix, reason), path: "spec", message });
