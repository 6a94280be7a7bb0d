/**
 * The rules of a GRPCRoute. They differ from HTTPRoute's in how they match and in how an error is answered: 503, which
 * Envoy tells a gRPC client as UNAVAILABLE.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule
 */
import type { HttpAction, HttpRule, RouteOrigin } from "../../model/index.ts";
import type { GRPCRouteRule } from "../../resources/index.ts";
import { checkFilterValues } from "../http/filter-values.ts";
import type { HttpBackends } from "../http/http-backends.ts";
import { forwardTo, refusedRule, ruleOriginOf, tellOfSession } from "../http/http-rules.ts";
import { filtersOf } from "../http/rule-filters.ts";
import { cookieNameOf, sessionPersistenceOf } from "../http/session-persistence.ts";
import { matchesOfRule } from "../rules/matches-of-rule.ts";
import type { MatchedRule } from "../rules/route-rules.ts";
import type { RuleScope } from "../rules/rule-scope.ts";
import { grpcMatchOf } from "./grpc-match.ts";

const UNAVAILABLE = 503;

export function grpcRulesOf(
  route: RouteOrigin,
  rules: readonly GRPCRouteRule[],
  backends: HttpBackends,
  scope: RuleScope,
): MatchedRule[] {
  return rules.map((rule, index) => {
    const path = `spec.rules[${index}]`;
    const matches = matchesOfRule(rule, index, rule.matches?.length ? rule.matches : [{}], grpcMatchOf, scope);
    scope.attempt(index, () => checkFilterValues(rule, path));
    const origin = ruleOriginOf(route, index, rule.name);
    return {
      matches,
      rule: scope.isLeftOut(index)
        ? refusedRule(origin, true, UNAVAILABLE)
        : grpcRuleOf(origin, rule, path, backends, scope),
    };
  });
}

function grpcRuleOf(
  origin: HttpRule["origin"],
  rule: GRPCRouteRule,
  path: string,
  backends: HttpBackends,
  scope: RuleScope,
): HttpRule {
  const { filters, blocked } = filtersOf(rule.filters ?? [], `${path}.filters`, backends);
  const action: HttpAction = blocked
    ? { kind: "respond", status: UNAVAILABLE }
    : forwardTo(rule.backendRefs ?? [], `${path}.backendRefs`, UNAVAILABLE, backends, scope);
  if (rule.sessionPersistence) tellOfSession(rule.sessionPersistence, path, action, scope);
  return {
    origin,
    grpc: true,
    action,
    filters,
    ...(rule.sessionPersistence && {
      sessionPersistence: sessionPersistenceOf(rule.sessionPersistence, cookieNameOf(origin)),
    }),
  };
}
