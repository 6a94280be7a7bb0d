/**
 * The rules of an HTTPRoute.
 *
 * A rule ends in one of these: a redirect, where it has that filter; an error, where a filter cannot be carried out or
 * nothing is left to send to; or its backends by weight, each with its own filters.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
import type { HttpAction, HttpRule, Retry, RouteOrigin, RuleOrigin, WeightedBackend } from "../../model/index.ts";
import { parseDuration } from "../../resources/index.ts";
import type {
  HTTPBackendRef,
  HTTPRouteMatch,
  HTTPRouteRetry,
  HTTPRouteRule,
  SessionPersistence,
} from "../../resources/index.ts";
import { matchesOfRule } from "../rules/matches-of-rule.ts";
import type { MatchedRule, MatchOfRule, RuleNotice } from "../rules/route-rules.ts";
import type { RuleScope } from "../rules/rule-scope.ts";
import { checkFilterValues } from "./filter-values.ts";
import type { HttpBackends } from "./http-backends.ts";
import { httpMatchOf } from "./http-match.ts";
import { preflightMatchOf } from "./preflight.ts";
import { filtersOf } from "./rule-filters.ts";
import { cookieNameOf, sessionNotices, sessionPersistenceOf } from "./session-persistence.ts";

export function httpRulesOf(
  route: RouteOrigin,
  rules: readonly HTTPRouteRule[],
  backends: HttpBackends,
  scope: RuleScope,
): MatchedRule[] {
  return rules.map((rule, index) => {
    const path = `spec.rules[${index}]`;
    // An empty list can only be written on purpose: the default is one match of every path.
    const matches = rule.matches.length > 0 ? rule.matches : [EVERY_REQUEST];
    const stated = matchesOfRule(rule, index, matches, httpMatchOf, scope);
    scope.attempt(index, () => checkFilterValues(rule, path));
    scope.notices.push(...connectNotices(stated, `${path}.matches`));
    const preflights = answersPreflights(rule) ? stated.flatMap((match) => preflightOf(match, matches.length)) : [];
    const origin = ruleOriginOf(route, index, rule.name);
    return {
      matches: [...stated, ...preflights],
      rule: scope.isLeftOut(index) ? refusedRule(origin, false, 500) : httpRuleOf(origin, rule, path, backends, scope),
    };
  });
}

/** The rule in place of one that is left out: none of its requests passes. */
export const refusedRule = (origin: RuleOrigin, grpc: boolean, status: number): HttpRule => ({
  origin,
  grpc,
  action: { kind: "respond", status },
  filters: { mirrors: [] },
});

function connectNotices(matches: readonly MatchOfRule[], path: string): RuleNotice[] {
  return matches.flatMap(({ index, match: { method } }) =>
    method !== "CONNECT"
      ? []
      : [
          {
            code: "connect-not-supported",
            path: `${path}[${index}].method`,
            message: "CONNECT has no path and is not forwarded, so that this match takes no request",
            advice: "Take the match out",
          },
        ],
  );
}

const answersPreflights = ({ filters = [], backendRefs = [] }: HTTPRouteRule): boolean =>
  [...filters, ...backendRefs.flatMap((backend) => backend.filters ?? [])].some(({ type }) => type === "CORS");

/** Preflights have their places after all `stated` matches. */
function preflightOf({ match, rank, index }: MatchOfRule, stated: number): MatchOfRule[] {
  const preflight = preflightMatchOf(match);
  if (preflight === undefined) return [];
  const isSure = match.headers.length === 0;
  return [{ match: preflight, rank: { ...rank, preflight: isSure ? "sure" : "unsure" }, index: stated + index }];
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
  const request = millisecondsOf(rule.timeouts?.request);
  const backendRequest = millisecondsOf(rule.timeouts?.backendRequest);
  const action: HttpAction = blocked
    ? { kind: "respond", status: 500 }
    : redirect
      ? { kind: "redirect", redirect }
      : forwardTo(rule.backendRefs ?? [], `${path}.backendRefs`, 500, backends, scope);
  if (rule.sessionPersistence) tellOfSession(rule.sessionPersistence, path, action, scope);
  return {
    origin,
    grpc: false,
    action,
    filters,
    ...(request !== undefined && { requestTimeoutMs: request }),
    ...(backendRequest !== undefined && { backendRequestTimeoutMs: backendRequest }),
    ...(rule.retry && { retry: retryOf(rule.retry) }),
    ...(rule.sessionPersistence && {
      sessionPersistence: sessionPersistenceOf(rule.sessionPersistence, cookieNameOf(origin)),
    }),
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
  scope.notices.push(nobodyNotice(references, path, `requests are answered ${status}`));
  return { kind: "respond", status };
}

/** Nobody gets what the rule matches; `consequence` says what becomes of it. */
export function nobodyNotice(references: readonly unknown[], path: string, consequence: string): RuleNotice {
  return references.length > 0
    ? {
        code: "all-weights-zero",
        path,
        message: `every backend has weight 0, so ${consequence}`,
        advice: "Give at least one backend a weight",
      }
    : {
        code: "rule-without-backends",
        path,
        message: `the rule has no backends, so ${consequence}`,
        advice: "Add backendRefs",
      };
}

/** `path` is the rule's. */
export function tellOfSession(spec: SessionPersistence, path: string, action: HttpAction, scope: RuleScope): void {
  const backends = action.kind === "forward" ? action.backends.length : 0;
  scope.notices.push(...sessionNotices(spec, `${path}.sessionPersistence`, backends));
}

function retryOf(retry: HTTPRouteRetry): Retry {
  const backoff = millisecondsOf(retry.backoff);
  return { attempts: retry.attempts, codes: retry.codes ?? [], ...(backoff !== undefined && { backoffMs: backoff }) };
}

const millisecondsOf = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : parseDuration(duration);
