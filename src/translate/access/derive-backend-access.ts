/**
 * AccessPolicies, by the XBackends that they are about: looked at again when one of them changes. There is no proxy of ours beside such a
 * backend, so that whoever sends to it decides: the sidecar of a workload in the mesh, or a Gateway's Envoys, each as who it is itself.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import type { Decisions, NamespacedName } from "../../model/index.ts";
import { type AccessPolicy, compareText } from "../../resources/index.ts";
import { accessOfPolicies, decisionsOf } from "./access-of-policies.ts";

export interface BackendAccess {
  /** Of the XBackend: "namespace/name". */
  readonly key: string;
  readonly decisions: Decisions;
}

/** Names of the XBackends, in its own namespace, that a policy is about. */
export const backendsOf = ({ spec: { targetRefs = [] } }: AccessPolicy): readonly string[] =>
  [...new Set(targetRefs.flatMap(({ kind, name }) => (kind === "XBackend" ? name : [])))].sort(compareText);

export const accessOfBackend = ({ namespace, name }: NamespacedName): string => `${namespace}/${name}`;

/** `trustDomain`: of the mesh; where there is none, nobody has an identity of it. */
export function deriveBackendAccess(
  graph: Graph,
  policies: Collection<AccessPolicy>,
  trustDomain = "no-mesh.invalid",
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
    map: ({ key, members }: Group<AccessPolicy>) => {
      const sorted = [...members].sort((a, b) => compareText(a.metadata.name, b.metadata.name));
      return [{ key, decisions: decisionsOf(sorted, (of) => accessOfPolicies(of, trustDomain)) }];
    },
  });
}
