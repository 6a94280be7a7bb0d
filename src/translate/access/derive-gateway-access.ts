/**
 * AccessPolicies, by the Gateways that they are about: looked at again when one of them changes. A client of a Gateway has no identity of the
 * mesh, only what its client certificate says; a source that asks for one of the mesh matches no client, whatever a certificate claims. Where
 * workloads of the mesh come in as such, there are decisions about them, which all sources count for.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { accessOfGateway, type AccessRules, type GatewayAccess } from "../../model/index.ts";
import {
  type AccessPolicy,
  type AccessPolicyRule,
  type AccessPolicySource,
  objectKeyOf,
} from "../../resources/index.ts";
import type { TranslateSettings } from "../settings.ts";
import { accessOfPolicies, decisionsOf, NO_TRUST_DOMAIN, sortedByName } from "./access-of-policies.ts";
import { targetsOf } from "./policy-targets.ts";

/** Names of the Gateways, in its own namespace, that a policy is about. */
export const gatewaysOf = (policy: AccessPolicy): readonly string[] => targetsOf(policy, "Gateway");

export function deriveGatewayAccess(
  graph: Graph,
  policies: Collection<AccessPolicy>,
  mesh: TranslateSettings["mesh"],
): Collection<GatewayAccess> {
  const byGateway = graph.groups<AccessPolicy>({
    name: "translate/AccessPoliciesOfGateways",
    of: policies,
    by: (policy) => gatewaysOf(policy).map((name) => accessOfGateway({ namespace: policy.metadata.namespace, name })),
  });
  return graph.derive({
    name: "translate/GatewayAccess",
    key: (access: GatewayAccess) => access.key,
    from: byGateway,
    map: ({ key, members }: Group<AccessPolicy>) => {
      const sorted = sortedByName(members);
      const ofMembers = (of: readonly AccessPolicy[]): AccessRules =>
        accessOfPolicies(of, mesh?.trustDomain ?? NO_TRUST_DOMAIN);
      return [
        {
          key,
          ...decisionsOf(sorted, rulesOfClients),
          ...(mesh?.gateways && { ofMembers: decisionsOf(sorted, ofMembers) }),
          origins: sorted.map(objectKeyOf),
        },
      ];
    },
  });
}

/** Whether a client of a Gateway can be meant. */
export const isOfClients = ({ type }: AccessPolicySource): boolean => type === "Identity" || type === "Outside";

/** No identity of a mesh is asked about, so that its trust domain does not matter. */
const rulesOfClients = (policies: readonly AccessPolicy[]): AccessRules =>
  accessOfPolicies(policies.map(ofClients), NO_TRUST_DOMAIN);

/** A rule for callers of the mesh alone is one for nobody, and stays in its place, by which it is known. */
function ofClients(policy: AccessPolicy): AccessPolicy {
  const rules = policy.spec.rules?.map((rule): AccessPolicyRule => {
    const sources = rule.sources?.filter(isOfClients);
    return { ...rule, ...(sources && { sources }) };
  });
  return { ...policy, spec: { ...policy.spec, ...(rules && { rules }) } };
}
