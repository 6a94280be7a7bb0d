/**
 * AccessPolicies, by the workloads that they protect: those of a namespace, and those of a ServiceAccount, for which the policies of
 * the namespace count as well. Looked at again when a policy of the namespace changes.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { type Access, sidecarKey, sidecarsOf } from "../../model/index.ts";
import { type AccessPolicy, objectKeyOf } from "../../resources/index.ts";
import type { TranslateSettings } from "../settings.ts";
import { accessOfPolicies, decisionsOf, sortedByName } from "./access-of-policies.ts";
import { targetsOf } from "./policy-targets.ts";

/** Names of the ServiceAccounts that a policy protects; undefined: the whole namespace; none: it is about Gateways alone. */
export const accountsOf = (policy: AccessPolicy): readonly string[] | undefined =>
  policy.spec.targetRefs && targetsOf(policy, "ServiceAccount");

export function deriveAccess(
  graph: Graph,
  policies: Collection<AccessPolicy>,
  mesh: TranslateSettings["mesh"],
): Collection<Access> {
  if (mesh === undefined) return graph.union<Access>({ name: "translate/NoAccess", of: [] });
  const byNamespace = graph.groups<AccessPolicy>({
    name: "translate/AccessPoliciesOfNamespaces",
    of: policies,
    by: ({ metadata }) => [metadata.namespace],
  });
  return graph.derive({
    name: "translate/Access",
    key: (access: Access) => access.key,
    from: byNamespace,
    map: ({ key: namespace, members }: Group<AccessPolicy>) => accessIn(namespace, members, mesh.trustDomain),
  });
}

function accessIn(namespace: string, policies: readonly AccessPolicy[], trustDomain: string): Access[] {
  const sorted = sortedByName(policies);
  const ofAll = sorted.filter((policy) => accountsOf(policy) === undefined);
  const accounts = new Set(sorted.flatMap((policy) => accountsOf(policy) ?? []));
  return [
    ...(ofAll.length === 0 ? [] : [accessOf(sidecarsOf(namespace), ofAll, trustDomain)]),
    ...[...accounts].map((account) =>
      accessOf(
        sidecarKey(namespace, account),
        sorted.filter((policy) => accountsOf(policy)?.includes(account) ?? true),
        trustDomain,
      ),
    ),
  ];
}

function accessOf(key: Access["key"], policies: readonly AccessPolicy[], trustDomain: string): Access {
  return {
    key,
    ...decisionsOf(policies, (of) => accessOfPolicies(of, trustDomain)),
    origins: policies.map(objectKeyOf),
  };
}
