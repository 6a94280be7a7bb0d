/** Where XBackendTrafficPolicies meet their targets: of several for one Service or XBackend, one is in force. */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import type { XBackendTrafficPolicy } from "../../resources/index.ts";
import type { ObjectKey } from "../../resources/index.ts";
import { comparePolicies } from "../policies/precedence.ts";
import { type TrafficResult, trafficResultOf, type TrafficSettings } from "./traffic-result.ts";

export interface TrafficBinding {
  /** "Service/<namespace>/<name>". */
  readonly key: string;
  readonly policy: ObjectKey;
  /** "namespace/name" of the policy. */
  readonly name: string;
  readonly settings: TrafficSettings;
}

export interface TrafficDerivations {
  readonly results: Collection<TrafficResult>;
  readonly bindings: Collection<TrafficBinding>;
}

export function deriveTrafficBindings(graph: Graph, policies: Collection<XBackendTrafficPolicy>): TrafficDerivations {
  const results = graph.derive({
    name: "translate/BackendTrafficPolicies",
    key: (result: TrafficResult) => result.key,
    from: policies,
    map: (policy) => [trafficResultOf(policy)],
  });
  const targets = graph.groups<TrafficResult>({
    name: "translate/BackendTrafficTargets",
    of: results,
    by: (result) => result.targets.map(({ target }) => target),
  });
  const bindings = graph.derive({
    name: "translate/BackendTrafficBindings",
    key: (binding: TrafficBinding) => binding.key,
    from: targets,
    map: ({ key, members }: Group<TrafficResult>) => {
      const [winner] = [...members].sort(comparePolicies);
      if (winner === undefined) return [];
      const { key: policy, namespace, name, settings } = winner;
      return [{ key, policy, name: `${namespace}/${name}`, settings }];
    },
  });
  return { results, bindings };
}
