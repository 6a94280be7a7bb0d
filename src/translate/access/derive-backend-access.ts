/**
 * AccessPolicies, by the XBackends that they are about: looked at again when one of them changes. There is no proxy of ours beside such a
 * backend, so that whoever sends to it decides: the sidecar of a workload in the mesh, or a Gateway's Envoys, each as who it is itself.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import type { Decisions, NamespacedName } from "../../model/index.ts";
import type { AccessPolicy } from "../../resources/index.ts";
import { accessOfPolicies, decisionsOf, NO_TRUST_DOMAIN, sortedByName } from "./access-of-policies.ts";
import { targetsOf } from "./policy-targets.ts";

export interface BackendAccess {
  /** Of the XBackend: "namespace/name". */
  readonly key: string;
  readonly decisions: Decisions;
}

/** Names of the XBackends, in its own namespace, that a policy is about. */
export const backendsOf = (policy: AccessPolicy): readonly string[] => targetsOf(policy, "XBackend");

export const accessOfBackend = ({ namespace, name }: NamespacedName): string => `${namespace}/${name}`;

/** `trustDomain`: of the mesh; where there is none, nobody has an identity of it. */
export function deriveBackendAccess(
  graph: Graph,
  policies: Collection<AccessPolicy>,
  trustDomain: string = NO_TRUST_DOMAIN,
): Collection<BackendAccess> {
  const byBackend = graph.groups<AccessPolicy>({
    name: "translate/AccessPoliciesOfBackends",
    of: policies,
    by: (policy) => backendsOf(policy).map((name) => accessOfBackend({ namespace: policy.metadata.namespace, name })),
  });
  return graph.derive({
    name: "translate/BackendAccess",
    key: (access: BackendAccess) => access.key,
    from: byBackend,
    map: ({ key, members }: Group<AccessPolicy>) => [
      { key, decisions: decisionsOf(sortedByName(members), (of) => accessOfPolicies(of, trustDomain)) },
    ],
  });
}
