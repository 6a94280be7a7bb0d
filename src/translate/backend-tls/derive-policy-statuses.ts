/**
 * Statuses of BackendTLSPolicies and XBackends: one ancestor for each Gateway whose routes send traffic to the target. A
 * policy that loses every one of its targets to an older one is Conflicted.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-713/
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import type { NamespacedName } from "../../model/index.ts";
import { experimentalGroup, gatewayGroup, kinds, objectKeyOf, type OwnCondition } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import { type Finding, findingOf } from "../finding.ts";
import { xBackendLookup, xBackendResultOf } from "../backends/x-backend-result.ts";
import type { Grants } from "../grants.ts";
import type { Inputs } from "../inputs.ts";
import { sessionNotices } from "../http/session-persistence.ts";
import type { ObjectStatus } from "../object-status.ts";
import { ancestorsOf, type OwnAncestor, verdictFinding } from "../policies/ancestors.ts";
import type { GatewayUses } from "../policies/gateway-uses.ts";
import type { PolicyResult } from "./policy-result.ts";
import { policyVerdictOf } from "./policy-verdict.ts";
import type { TlsBinding } from "./tls-bindings.ts";

export interface PolicyStatusSources {
  readonly inputs: Inputs;
  readonly uses: GatewayUses;
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
  const { inputs, uses, results, bindings, grants, controllerName } = sources;
  const gatewaysOf = (read: Reader, target: string): NamespacedName[] =>
    read.by(uses.byTarget, target).map(({ gateway }) => gateway);
  const policies = graph.derive({
    name: "translate/BackendTlsPolicyStatuses",
    key: (status: ObjectStatus) => status.key,
    from: results,
    reads: [uses.of, bindings, inputs.services],
    map: (policy, read) => {
      const gateways = policy.targets.flatMap(({ service }) =>
        gatewaysOf(read, `Service/${policy.namespace}/${service}`),
      );
      const conditions = conditionsOf(policy, policyVerdictOf(policy, sources, read).accepted);
      if (gateways.length === 0) return [];
      return [policyStatusOf(policy, ancestorsOf(gateways, controllerName, conditions))];
    },
  });
  const xBackends = graph.derive({
    name: "translate/XBackendStatuses",
    key: (status: ObjectStatus) => status.key,
    from: inputs.xBackends,
    reads: [uses.of, inputs.trustFacts, inputs.certificateFacts, grants.of],
    map: (backend, read) => {
      const { kind } = backend;
      const { namespace, name, generation = 0 } = backend.metadata;
      const gateways = gatewaysOf(read, `XBackend/${namespace}/${name}`);
      if (gateways.length === 0) return [];
      const { accepted } = xBackendResultOf(backend, xBackendLookup(inputs, grants, read));
      const conditions = [{ type: "Accepted", ...accepted, observedGeneration: generation }];
      const ancestors = ancestorsOf(gateways, controllerName, conditions, { maximum: MAX_BACKEND_ANCESTORS });
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

/** What the API holds at most of an XBackend's. */
const MAX_BACKEND_ANCESTORS = 32;

function conditionsOf(policy: PolicyResult, accepted: Verdict): OwnCondition[] {
  const { generation: observedGeneration, resolvedRefs } = policy;
  return [
    { type: "Accepted", ...accepted, observedGeneration },
    { type: "ResolvedRefs", ...resolvedRefs, observedGeneration },
  ];
}

function policyStatusOf(policy: PolicyResult, ancestors: readonly OwnAncestor[]): ObjectStatus {
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
      const object = objectKeyOf(backend);
      const { spec } = backend;
      const session = "sessionPersistence" in spec ? spec.sessionPersistence : undefined;
      const notices = session ? sessionNotices(session, "spec.sessionPersistence", 1) : [];
      return [
        ...(accepted.status === "False" ? [verdictFinding(object, "backend", accepted)] : []),
        ...notices.map((notice) => findingOf({ object, severity: "warning", ...notice })),
      ];
    },
  });
}
