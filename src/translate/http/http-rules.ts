/**
 * The rules of an HTTPRoute.
 *
 * A rule ends in one of these: a redirect, where it has that filter; an error, where a filter cannot be carried out or
 * nothing is left to send to; or its backends by weight, each with its own filters.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
import type {
  HttpAction,
  HttpRule,
  Retry,
  RouteOrigin,
  RuleOrigin,
  SessionPersistence,
  WeightedBackend,
} from "../../model/index.ts";
import { parseDuration } from "../../resources/index.ts";
import type {
  HTTPBackendRef,
  HTTPRouteMatch,
  HTTPRouteRetry,
  HTTPRouteRule,
  SessionPersistence as SessionPersistenceSpec,
} from "../../resources/index.ts";
import type { MatchedRule } from "../rules/route-rules.ts";
import type { RuleScope } from "../rules/rule-scope.ts";
import type { HttpBackends } from "./http-backends.ts";
import { httpMatchOf } from "./http-match.ts";
import { preflightMatchOf } from "./preflight.ts";
import { filtersOf } from "./rule-filters.ts";

export function httpRulesOf(
  route: RouteOrigin,
  rules: readonly HTTPRouteRule[],
  backends: HttpBackends,
  scope: RuleScope,
): MatchedRule[] {
  return scope.eachRule(rules, (rule, index) => {
    const path = `spec.rules[${index}]`;
    // An empty list can only be written on purpose: the default is one match of every path.
    const matches = rule.matches.length > 0 ? rule.matches : [EVERY_REQUEST];
    const stated = matches.map((match, i) => httpMatchOf(match, `${path}.matches[${i}]`));
    const hasCors = [
      ...(rule.filters ?? []),
      ...(rule.backendRefs ?? []).flatMap((backend) => backend.filters ?? []),
    ].some(({ type }) => type === "CORS");
    return {
      matches: hasCors ? [...stated, ...stated.flatMap((match) => preflightMatchOf(match) ?? [])] : stated,
      rule: httpRuleOf(ruleOriginOf(route, index, rule.name), rule, path, backends, scope),
    };
  });
}

const EVERY_REQUEST: HTTPRouteMatch = { path: { type: "PathPrefix", value: "/" } };

export const ruleOriginOf = (route: RouteOrigin, index: number, name: string | undefined): RuleOrigin => ({
  kind: route.kind,
  namespace: route.namespace,
  name: route.name,
  rule: index,
  ...(name !== undefined && { ruleName: name }),
});

function httpRuleOf(
  origin: RuleOrigin,
  rule: HTTPRouteRule,
  path: string,
  backends: HttpBackends,
  scope: RuleScope,
): HttpRule {
  const { filters, redirect, blocked } = filtersOf(rule.filters ?? [], `${path}.filters`, backends);
  const forward = (): HttpAction => forwardTo(rule.backendRefs ?? [], `${path}.backendRefs`, 500, backends, scope);
  const request = millisecondsOf(rule.timeouts?.request);
  const backendRequest = millisecondsOf(rule.timeouts?.backendRequest);
  return {
    origin,
    grpc: false,
    action: blocked ? { kind: "respond", status: 500 } : redirect ? { kind: "redirect", redirect } : forward(),
    filters,
    ...(request !== undefined && { requestTimeoutMs: request }),
    ...(backendRequest !== undefined && { backendRequestTimeoutMs: backendRequest }),
    ...(rule.retry && { retry: retryOf(rule.retry) }),
    ...(rule.sessionPersistence && { sessionPersistence: sessionPersistenceOf(rule.sessionPersistence, origin) }),
  };
}

/** The backends by weight; `status` answers where there is nobody to send to. References of weight 0 are resolved, for the status, and left out. */
export function forwardTo(
  references: readonly HTTPBackendRef[],
  path: string,
  status: number,
  backends: HttpBackends,
  scope: RuleScope,
): HttpAction {
  const weighted = references.flatMap((reference, index): WeightedBackend[] => {
    const at = `${path}[${index}]`;
    const resolved = backends.resolve(reference, at);
    const { filters, redirect, blocked } = filtersOf(reference.filters ?? [], `${at}.filters`, backends);
    if (reference.weight === 0) return [];
    const target = blocked
      ? ({ kind: "respond", status } as const)
      : redirect
        ? ({ kind: "redirect", redirect } as const)
        : resolved;
    return [{ weight: reference.weight, target, filters }];
  });
  if (weighted.length > 0) return { kind: "forward", backends: weighted };
  if (references.length > 0) {
    scope.notices.push({
      code: "all-weights-zero",
      path,
      message: `every backend has weight 0, so requests are answered ${status}`,
      advice: "Give at least one backend a weight",
    });
  }
  return { kind: "respond", status };
}

function retryOf(retry: HTTPRouteRetry): Retry {
  const backoff = millisecondsOf(retry.backoff);
  return { attempts: retry.attempts, codes: retry.codes ?? [], ...(backoff !== undefined && { backoffMs: backoff }) };
}

const millisecondsOf = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : parseDuration(duration);

/** A cookie that the user does not name is named after the rule, so that rules of one host do not share pins. */
export function sessionPersistenceOf(spec: SessionPersistenceSpec, origin: RuleOrigin): SessionPersistence {
  if (spec.type === "Header") return { type: "Header", name: spec.header.name.toLowerCase() };
  const { name, path, lifetimeType } = spec.cookie;
  const maxAge = lifetimeType === "Permanent" ? millisecondsOf(spec.absoluteTimeout) : undefined;
  return {
    type: "Cookie",
    name: name ?? `trilith-${origin.namespace}-${origin.name}-${origin.rule}`,
    path,
    ...(maxAge !== undefined && { maxAgeMs: maxAge }),
  };
}
