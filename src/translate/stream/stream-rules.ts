/**
 * The rules of TCPRoute, TLSRoute and UDPRoute: one rule, whose backends take connections or datagrams by weight. A
 * share whose reference does not resolve is refused.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#tcproute
 */
import type {
  BackendOrigin,
  BackendPolicy,
  Decisions,
  NamespacedName,
  RouteOrigin,
  StreamBackend,
  StreamBackendKey,
  StreamTarget,
} from "../../model/index.ts";
import { formatRoute, isGuarded } from "../../model/index.ts";
import type { BackendObjectReference, BackendRef, L4RouteRule } from "../../resources/index.ts";
import { keptToClients } from "../backends/client-affinity.ts";
import type { Resolution } from "../backends/resolution.ts";
import { unusableNotice } from "../http/http-backends.ts";
import { nobodyNotice, ruleOriginOf } from "../http/http-rules.ts";
import { POLICIES_NOT_IN_FORCE, type RuleNotice } from "../rules/route-rules.ts";
import type { RuleScope } from "../rules/rule-scope.ts";

/** The key of a route's backend on a Gateway. `passthrough`: what a listener sends there that leaves TLS to the backend. */
export const streamBackendKey = (route: RouteOrigin, gateway: NamespacedName, passthrough = false): StreamBackendKey =>
  `${formatRoute(route)}#0@${gateway.namespace}/${gateway.name}${passthrough ? "/passthrough" : ""}` as StreamBackendKey;

/**
 * None where the route has no rules. A TLSRoute whose backends are spoken TLS to has two: a connection that is passed
 * through has its TLS from the client, and must not get another.
 */
export function streamBackendsOf(
  route: RouteOrigin,
  rules: readonly L4RouteRule[],
  gateway: NamespacedName,
  resolve: (reference: BackendObjectReference) => Resolution,
  scope: RuleScope,
): StreamBackend[] {
  const [rule, ...others] = rules;
  if (rule === undefined) return [];
  if (others.length > 0) {
    scope.notices.push({
      code: "rules-without-matches",
      path: "spec.rules",
      message: `a ${route.kind} has no matches, so only the first of its ${rules.length} rules can ever apply`,
      advice: "Put the backends into one rule, with weights",
    });
  }
  const { targets, policies, isSticky } = targetsOf(rule.backendRefs, resolve, scope);
  if (targets.length === 0)
    scope.notices.push(nobodyNotice(rule.backendRefs, "spec.rules[0].backendRefs", "connections are closed"));
  const stated = policyOf(targets, policies, scope);
  // Among several backends, connections go by weight.
  const policy = isSticky && targets.length === 1 ? keptToClients(stated) : stated;
  const common = {
    origin: ruleOriginOf(route, 0, rule.name),
    protocol: route.kind === "UDPRoute" ? ("udp" as const) : ("tcp" as const),
    ...(policy && { policy }),
  };
  const terminated = { ...common, key: streamBackendKey(route, gateway), targets };
  if (route.kind !== "TLSRoute" || targets.every(({ tls }) => tls === undefined)) return [terminated];
  const plain = targets.map(({ weight, endpoints, origin }): StreamTarget => ({
    weight,
    ...(endpoints && { endpoints }),
    ...(origin && { origin }),
  }));
  return [terminated, { ...common, key: streamBackendKey(route, gateway, true), targets: plain }];
}

/**
 * The backends of a rule have their weights among the endpoints of one, so that what belongs to one of several, such as to leave
 * endpoints out, would change the weights.
 */
function policyOf(
  targets: readonly StreamTarget[],
  policies: readonly BackendPolicy[],
  scope: RuleScope,
): BackendPolicy | undefined {
  const [policy] = policies;
  if (policy === undefined || targets.length === 1) return policy;
  scope.notices.push({
    code: POLICIES_NOT_IN_FORCE,
    path: "spec.rules[0].backendRefs",
    message: "BackendPolicies are not in force for this rule, since connections are shared out among several backends",
    advice: "Leave one backend, or do without the policies",
  });
  return undefined;
}

/** Nothing is decided about connections to a backend outside, so that none is made where something could be refused. */
function guardedStreamNotice(origin: BackendOrigin, { enforced }: Decisions, path: string): RuleNotice {
  const { kind, namespace, name } = origin;
  const what = isGuarded(enforced) ? "its share of the connections is refused" : "nothing is reported about it";
  return {
    code: "access-policy-not-for-connections",
    path,
    message: `AccessPolicies for ${kind} ${namespace}/${name} decide about requests, not about connections: ${what}`,
    advice: "Send to it by an HTTPRoute or a GRPCRoute, or through a Gateway with a policy of its own",
  };
}

interface Targets {
  readonly targets: readonly StreamTarget[];
  /** What the owners of some of them ask for. */
  readonly policies: readonly BackendPolicy[];
  /** Whether one of them keeps clients to endpoints. */
  readonly isSticky: boolean;
}

function targetsOf(
  references: readonly BackendRef[],
  resolve: (reference: BackendObjectReference) => Resolution,
  scope: RuleScope,
): Targets {
  const policies: BackendPolicy[] = [];
  let isSticky = false;
  const targets = references.flatMap((reference, index): StreamTarget[] => {
    const resolution = resolve(reference);
    const path = `spec.rules[0].backendRefs[${index}]`;
    if (resolution.kind === "unresolved")
      scope.problems.push({ reason: resolution.reason, path, message: resolution.message });
    if (resolution.kind === "unusable") scope.notices.push(unusableNotice(path, resolution.message));
    if (reference.weight === 0) return [];
    if (resolution.kind !== "resolved") return [{ weight: reference.weight }];
    const { endpoints, origin, tls, policy, access } = resolution;
    if (access) scope.notices.push(guardedStreamNotice(origin, access, path));
    if (access && isGuarded(access.enforced)) return [{ weight: reference.weight }];
    if (policy) policies.push(policy);
    isSticky ||= resolution.isSticky === true;
    return [{ weight: reference.weight, endpoints, origin, ...(tls && { tls }) }];
  });
  return { targets, policies, isSticky };
}
