/** The schema of HTTPRoute. */
import type { HTTPRouteFilter } from "../types/http-filters.ts";
import type {
  HTTPBackendRef,
  HTTPHeaderMatch,
  HTTPQueryParamMatch,
  HTTPRoute,
  HTTPRouteMatch,
  HTTPRouteRetry,
  HTTPRouteRule,
  HTTPRouteSpec,
  HTTPRouteTimeouts,
} from "../types/http-route.ts";
import { parseDuration } from "../duration.ts";
import {
  duration,
  hostname,
  list,
  listByKey,
  named,
  object,
  oneOf,
  sectionName,
  setOf,
  string,
  wholeNumber,
} from "./construct.ts";
import { httpFilters } from "./filters.ts";
import { pathMatch } from "./http-path.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, headerName, headerValue } from "./pattern.ts";
import { backendRef } from "./references.ts";
import { commonRouteFields, limitedMatches, sessionPersistence, uniqueRuleNames } from "./route.ts";
import { fieldOf, violationIf, type Rule } from "./rule.ts";
import type { ObjectSchema, Schema } from "./schema.ts";
import { routeStatus } from "./status.ts";

const matchType = oneOf(["Exact", "RegularExpression"], { default: "Exact" });

const match: Schema<HTTPRouteMatch> = object<HTTPRouteMatch>({
  headers: listByKey<HTTPHeaderMatch>(
    object<HTTPHeaderMatch>({ name: named(headerName, 256), type: matchType, value: named(headerValue, 4096) }, [
      "name",
      "value",
    ]),
    "name",
    { maxItems: 16 },
  ),
  method: oneOf(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]),
  path: pathMatch,
  queryParams: listByKey<HTTPQueryParamMatch>(
    object<HTTPQueryParamMatch>(
      { name: named(headerName, 256), type: matchType, value: string({ minLength: 1, maxLength: 1024 }) },
      ["name", "value"],
    ),
    "name",
    { maxItems: 16 },
  ),
});

/** Whether a filter replaces the prefix that the match has found, in its field for this purpose. */
function replacesPrefix(filter: HTTPRouteFilter, field: "requestRedirect" | "urlRewrite"): boolean {
  const modifier = fieldOf(filter, field);
  const path = typeof modifier === "object" && modifier !== null ? fieldOf(modifier, "path") : undefined;
  return typeof path === "object" && path !== null && fieldOf(path, "type") === "ReplacePrefixMatch";
}

const isExactlyOne = <T>(items: readonly T[], test: (item: T) => boolean): boolean => items.filter(test).length === 1;

function needsPrefixMatch(
  id: string,
  field: "requestRedirect" | "urlRewrite",
  where: "filters" | "backendRefs",
): Rule<HTTPRouteRule> {
  return {
    id,
    find: ({ filters = [], backendRefs = [], matches }) => {
      const replaces = (candidates: readonly HTTPRouteFilter[]): boolean =>
        isExactlyOne(candidates, (filter) => replacesPrefix(filter, field));
      const concerned =
        where === "filters" ? replaces(filters) : isExactlyOne(backendRefs, (ref) => replaces(ref.filters ?? []));
      const [only] = matches;
      const fits = matches.length === 1 && only?.path.type === "PathPrefix";
      const found =
        matches.length === 1 ? `its path is of type ${only?.path.type ?? ""}` : `there are ${matches.length}`;
      return violationIf(
        concerned && !fits,
        `a filter replaces the matched prefix (ReplacePrefixMatch), so the rule needs exactly one match, by PathPrefix, but ${found}`,
        ["matches"],
        "Use one rule for each prefix, or ReplaceFullPath",
      );
    },
  };
}

const redirectWithoutBackends: Rule<HTTPRouteRule> = {
  id: "RequestRedirect filter must not be used together with backendRefs",
  find: ({ filters = [], backendRefs = [] }) => {
    const redirect = filters.findIndex((filter) => filter.type === "RequestRedirect");
    return violationIf(
      redirect !== -1 && backendRefs.length > 0,
      "a rule that redirects every request sends none to a backend",
      ["filters", redirect],
      'Remove "backendRefs", or the filter',
    );
  },
};

const timeouts: Schema<HTTPRouteTimeouts> = object<HTTPRouteTimeouts>(
  { backendRequest: duration, request: duration },
  [],
  {
    rules: [
      {
        id: "backendRequest timeout cannot be longer than request timeout",
        find: ({ request, backendRequest }) => {
          const whole = parseDuration(request ?? "") ?? 0;
          const part = parseDuration(backendRequest ?? "") ?? 0;
          const wrong = whole !== 0 && part > whole;
          return violationIf(
            wrong,
            `${backendRequest ?? ""} is longer than the whole request may take (${request ?? ""})`,
            ["backendRequest"],
          );
        },
      },
    ],
  },
);

const rule: Schema<HTTPRouteRule> = object<HTTPRouteRule>(
  {
    backendRefs: list<HTTPBackendRef>(backendRef<HTTPBackendRef>({ filters: httpFilters }), { maxItems: 16 }),
    filters: httpFilters,
    matches: list<HTTPRouteMatch>(match, { maxItems: 64, default: [{ path: { type: "PathPrefix", value: "/" } }] }),
    name: sectionName,
    retry: object<HTTPRouteRetry>({
      attempts: wholeNumber({ minimum: 0, default: 1 }),
      backoff: duration,
      codes: setOf<number>(wholeNumber({ minimum: 400, maximum: 599 }), {}),
    }),
    sessionPersistence: { ...sessionPersistence, experimental: true },
    timeouts,
  },
  [],
  {
    rules: [
      redirectWithoutBackends,
      needsPrefixMatch(
        "When using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified",
        "requestRedirect",
        "filters",
      ),
      needsPrefixMatch(
        "When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified",
        "urlRewrite",
        "filters",
      ),
      needsPrefixMatch(
        "Within backendRefs, when using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified",
        "requestRedirect",
        "backendRefs",
      ),
      needsPrefixMatch(
        "Within backendRefs, When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified",
        "urlRewrite",
        "backendRefs",
      ),
    ],
  },
);

const spec: ObjectSchema<HTTPRouteSpec> = object<HTTPRouteSpec>({
  hostnames: list<string>(hostname, { maxItems: 16 }),
  ...commonRouteFields,
  rules: list<HTTPRouteRule>(rule, {
    minItems: 1,
    maxItems: 16,
    default: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }],
    rules: [uniqueRuleNames, limitedMatches],
  }),
});

export const httpRouteSchema: Schema<HTTPRoute> = object<HTTPRoute>(
  {
    apiVersion: string(),
    kind: oneOf(["HTTPRoute"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec,
    status: routeStatus,
  },
  ["spec"],
);
