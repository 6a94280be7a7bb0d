/** What several AccessPolicies mean together for the workloads, or the Gateway, that they protect. */
import {
  type AccessRequest,
  type AccessRule,
  type AccessRules,
  type AccessSource,
  type Decisions,
  spiffeId,
} from "../../model/index.ts";
import {
  type AccessPolicy,
  type AccessPolicyRequest,
  type AccessPolicyRule,
  type AccessPolicySource,
  compareText,
} from "../../resources/index.ts";

/** Where there is no mesh, or nobody of it is meant: nobody has an identity of this one. */
export const NO_TRUST_DOMAIN = "no-mesh.invalid";

/** Of one namespace, in an order that is the same for everybody. */
export const sortedByName = (policies: Iterable<AccessPolicy>): AccessPolicy[] =>
  [...policies].sort((a, b) => compareText(a.metadata.name, b.metadata.name));

/** Policies add to each other: what one allows, no other has to. */
export function accessOfPolicies(policies: readonly AccessPolicy[], trustDomain: string): AccessRules {
  const rulesOf = (action: AccessPolicy["spec"]["action"]): AccessRule[] =>
    policies
      .filter(({ spec }) => spec.action === action)
      .flatMap(({ metadata: { namespace, name }, spec: { rules = [] } }) =>
        rules.map((rule, index) => ruleOf(rule, `${namespace}/${name}#${index}`, trustDomain)),
      );
  const isGuarded = policies.some(({ spec }) => spec.action === "Allow");
  return { deny: rulesOf("Deny"), ...(isGuarded && { allow: rulesOf("Allow") }) };
}

/** Decisions of policies that are in force, and those of all where some are only to be reported. */
export function decisionsOf(
  policies: readonly AccessPolicy[],
  rulesOf: (policies: readonly AccessPolicy[]) => AccessRules,
): Decisions {
  const enforced = policies.filter(({ spec }) => spec.mode === "Enforce");
  return { enforced: rulesOf(enforced), ...(enforced.length < policies.length && { audited: rulesOf(policies) }) };
}

const ruleOf = ({ sources, requests }: AccessPolicyRule, name: string, trustDomain: string): AccessRule => ({
  name,
  ...(sources && { sources: sources.map((source) => sourceOf(source, trustDomain)) }),
  ...(requests && { requests: requests.map(requestOf) }),
});

/** The schema has seen to it that each has what its type asks for. */
function sourceOf(source: AccessPolicySource, trustDomain: string): AccessSource {
  const { type, namespace = "", serviceAccount = { namespace: "", name: "" }, identity = "" } = source;
  switch (type) {
    case "Mesh":
      return { kind: "mesh" };
    case "Outside":
      return { kind: "outside" };
    case "Namespace":
      return { kind: "prefix", prefix: spiffeId(trustDomain, namespace, "") };
    case "ServiceAccount":
      return { kind: "identity", identity: spiffeId(trustDomain, serviceAccount.namespace, serviceAccount.name) };
    case "Identity":
      return { kind: "identity", identity };
  }
}

const requestOf = ({ methods, hostnames, paths, ports }: AccessPolicyRequest): AccessRequest => ({
  ...(methods && { methods }),
  ...(hostnames && { hostnames }),
  ...(paths && {
    paths: paths.map(({ type, value }) => ({
      kind: type === "Exact" ? ("exact" as const) : ("prefix" as const),
      value,
    })),
  }),
  ...(ports && { ports }),
});
