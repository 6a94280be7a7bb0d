/**
 * Statuses of XBackendTrafficPolicies, and findings about them: one ancestor for each Gateway that sends traffic to a target. A
 * policy that loses every one of its targets to an older one is Conflicted.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { experimentalGroup } from "../../resources/index.ts";
import { conditionOf } from "../conditions.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { ObjectStatus } from "../object-status.ts";
import { ancestorsOf, verdictFinding } from "../policies/ancestors.ts";
import type { GatewayUses } from "../policies/gateway-uses.ts";
import { type PolicyVerdict, type TargetLoss, verdictOfLosses } from "../policies/target-verdict.ts";
import type { TrafficBinding, TrafficDerivations } from "./traffic-bindings.ts";
import type { TrafficResult } from "./traffic-result.ts";

export interface TrafficStatuses {
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export function deriveTrafficStatuses(
  graph: Graph,
  { results, bindings }: TrafficDerivations,
  uses: GatewayUses,
  controllerName: string,
): TrafficStatuses {
  const statuses = graph.derive({
    name: "translate/BackendTrafficPolicyStatuses",
    key: (status: ObjectStatus) => status.key,
    from: results,
    reads: [bindings, uses.of],
    map: (policy, read) => {
      const { key, namespace, name, generation, targets } = policy;
      const gateways = targets.flatMap(({ target }) => read.by(uses.byTarget, target).map(({ gateway }) => gateway));
      if (gateways.length === 0) return [];
      const conditions = [conditionOf("Accepted", verdictOf(policy, bindings, read).accepted, generation)];
      const apiVersion = `${experimentalGroup}/v1alpha1`;
      const status = { ancestors: ancestorsOf(gateways, controllerName, conditions) };
      return [{ key, apiVersion, kind: "XBackendTrafficPolicy" as const, namespace, name, generation, status }];
    },
  });
  const findings = graph.derive({
    name: "translate/BackendTrafficPolicyFindings",
    key: (finding: Finding) => finding.key,
    from: results,
    reads: [bindings],
    map: (policy, read) => {
      const { accepted, notices } = verdictOf(policy, bindings, read);
      return [
        ...(accepted.status === "False" ? [verdictFinding(policy.key, "policy", accepted)] : []),
        ...[...policy.notices, ...notices].map((notice) =>
          findingOf({ object: policy.key, severity: "warning", ...notice }),
        ),
      ];
    },
  });
  return { statuses, findings };
}

function verdictOf({ key, targets }: TrafficResult, bindings: Collection<TrafficBinding>, read: Reader): PolicyVerdict {
  if (targets.length === 0) {
    const message = "No targetRef names a Service or an XBackend, which are the only kinds of target";
    return { accepted: { status: "False", reason: "TargetNotFound", message }, notices: [] };
  }
  const losses = targets.flatMap(({ target, index }): TargetLoss[] => {
    const binding = read.get(bindings, target);
    if (binding === undefined || binding.policy === key) return [];
    return [
      {
        index,
        reason: "Conflicted",
        message: `XBackendTrafficPolicy ${binding.name}, which comes first, is in force for ${target}`,
      },
    ];
  });
  return verdictOfLosses(targets.length, losses, {
    status: "True",
    reason: "Accepted",
    message: "The policy is in force",
  });
}
