/**
 * Where BackendPolicies meet their targets: of several for one backend, or one port of a Service, the oldest is in force; one that names
 * the port comes before one for the whole Service, and has its place altogether.
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { BackendPolicy as Wishes } from "../../model/index.ts";
import type { BackendPolicy, ObjectKey } from "../../resources/index.ts";
import { comparePolicies } from "../policies/precedence.ts";
import { type BackendPolicyResult, backendPolicyResultOf, backendPolicyTargetKey } from "./backend-policy-result.ts";

export interface BackendPolicyBinding {
  /** `backendPolicyTargetKey`. */
  readonly key: string;
  readonly policy: ObjectKey;
  /** "namespace/name" of the policy. */
  readonly name: string;
  readonly wishes: Wishes;
}

export interface BackendPolicyDerivations {
  readonly results: Collection<BackendPolicyResult>;
  readonly bindings: Collection<BackendPolicyBinding>;
}

export function deriveBackendPolicyBindings(
  graph: Graph,
  policies: Collection<BackendPolicy>,
): BackendPolicyDerivations {
  const results = graph.derive({
    name: "translate/BackendPolicies",
    key: (result: BackendPolicyResult) => result.key,
    from: policies,
    map: (policy) => [backendPolicyResultOf(policy)],
  });
  const targets = graph.groups<BackendPolicyResult>({
    name: "translate/BackendPolicyTargets",
    of: results,
    by: (result) => result.targets.map((target) => backendPolicyTargetKey(result.namespace, target)),
  });
  const bindings = graph.derive({
    name: "translate/BackendPolicyBindings",
    key: (binding: BackendPolicyBinding) => binding.key,
    from: targets,
    map: ({ key, members }: Group<BackendPolicyResult>) => {
      const [winner] = [...members].sort(comparePolicies);
      if (winner === undefined) return [];
      const { key: policy, namespace, name, wishes } = winner;
      return [{ key, policy, name: `${namespace}/${name}`, wishes }];
    },
  });
  return { results, bindings };
}

/** What the policy in force asks for. `port` is the name of a Service's port, where it has one. */
export function backendPolicyFor(
  read: Reader,
  bindings: Collection<BackendPolicyBinding>,
  kind: "Service" | "XBackend",
  { namespace, name, port }: { readonly namespace: string; readonly name: string; readonly port?: string | undefined },
): Wishes | undefined {
  const wishesAt = (sectionName?: string): Wishes | undefined => {
    const key = backendPolicyTargetKey(namespace, { kind, name, ...(sectionName !== undefined && { sectionName }) });
    return read.pick(bindings, key, (binding) => binding?.wishes);
  };
  return (port === undefined ? undefined : wishesAt(port)) ?? wishesAt();
}
