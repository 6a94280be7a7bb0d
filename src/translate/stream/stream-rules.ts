/**
 * The rules of TCPRoute, TLSRoute and UDPRoute: one rule, whose backends take connections or datagrams by weight. A
 * share whose reference does not resolve is refused.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#tcproute
 */
import type { NamespacedName, RouteOrigin, StreamBackend, StreamBackendKey, StreamTarget } from "../../model/index.ts";
import { formatRoute } from "../../model/index.ts";
import type { BackendObjectReference, L4RouteRule } from "../../resources/index.ts";
import type { Resolution } from "../backends/resolution.ts";
import { ruleOriginOf } from "../http/http-rules.ts";
import type { RuleScope } from "../rules/rule-scope.ts";

export function streamBackendOf(
  route: RouteOrigin,
  rules: readonly L4RouteRule[],
  gateway: NamespacedName,
  resolve: (reference: BackendObjectReference) => Resolution,
  scope: RuleScope,
): StreamBackend | undefined {
  const [rule, ...others] = rules;
  if (rule === undefined) return undefined;
  if (others.length > 0) {
    scope.notices.push({
      code: "rules-without-matches",
      path: "spec.rules",
      message: `a ${route.kind} has no matches, so only the first of its ${rules.length} rules can ever apply`,
      advice: "Put the backends into one rule, with weights",
    });
  }
  const ruleOrigin = ruleOriginOf(route, 0, rule.name);
  const targets = (rule.backendRefs ?? []).flatMap((reference, index): StreamTarget[] => {
    const resolution = resolve(reference);
    const path = `spec.rules[0].backendRefs[${index}]`;
    if (resolution.kind === "unresolved")
      scope.problems.push({ reason: resolution.reason, path, message: resolution.message });
    if (reference.weight === 0) return [];
    if (resolution.kind !== "resolved") return [{ weight: reference.weight }];
    const { endpoints, origin, tls } = resolution;
    return [{ weight: reference.weight, endpoints, origin, ...(tls && { tls }) }];
  });
  const key = `${formatRoute(route)}#0@${gateway.namespace}/${gateway.name}` as StreamBackendKey;
  return { key, origin: ruleOrigin, protocol: route.kind === "UDPRoute" ? "udp" : "tcp", targets };
}
