/**
 * The routes of one entry. Mostly one; several with the same match where its backends differ in more than headers, or where
 * a share of the requests is answered or redirected: Envoy's weighted clusters cannot do that. These routes are tried in
 * order, each taking the requests whose random number lies below its cumulated share: Envoy draws one number per request.
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { Any } from "@bufbuild/protobuf/wkt";
import { DirectResponseActionSchema, RouteSchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { Route } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { CorsPolicySchema } from "../../generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { ExtAuthzPerRouteSchema } from "../../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import { formatRule } from "../../model/index.ts";
import type { HttpEntry, VirtualHost } from "../../model/index.ts";
import { corsPolicyOf } from "./cross-origin.ts";
import { externalAuthOf } from "./external-auth.ts";
import { BACKEND_EXTERNAL_AUTH_FILTER, CORS_FILTER, EXTERNAL_AUTH_FILTER } from "./filter-names.ts";
import { forwardActionOf, forwardsHeadersItself } from "./forward-action.ts";
import { everything, WHOLE } from "./fraction.ts";
import type { Portion } from "./fraction.ts";
import { headerListsOf } from "./header-mutation.ts";
import { redirectCasesOf } from "./redirect.ts";
import { UNREACHED_HEADER } from "./retry-policy.ts";
import { routeMatchOf } from "./route-match.ts";
import type { Restriction } from "./route-match.ts";
import { areAlike, NO_TREATMENT, sharesOf } from "./share.ts";
import type { Share, Treatment } from "./share.ts";

export interface HostContext {
  readonly host: Pick<VirtualHost, "domain" | "port">;
  /** Of the listeners that the host belongs to. */
  readonly scheme: "http" | "https";
}

/** Each is named `HTTPRoute/shop/cart#2/0`: rule, and position of the match; the access log shows the name. */
export function routesOfEntry(entry: HttpEntry, context: HostContext): readonly Route[] {
  const shares = sharesOf(entry.rule);
  const [first] = shares;
  if (first === undefined) return [];
  if (shares.length === 1) return routesOfShare(entry, first, context, everything);
  if (areAlike(shares)) return [forwardRouteOf(entry, shares, context, everything)];
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  let from = 0;
  return shares.flatMap((share) => {
    sum += share.weight;
    const portion = { from, below: Math.round((sum / total) * WHOLE) };
    from = portion.below;
    return [...routesOfShare(entry, share, context, portion)];
  });
}

function routesOfShare(entry: HttpEntry, share: Share, context: HostContext, portion: Portion): readonly Route[] {
  const { target } = share;
  const restriction = restrictionTo(portion);
  switch (target.kind) {
    case "backend":
      return [forwardRouteOf(entry, [share], context, portion)];
    case "respond": {
      // A gRPC client takes 503 for UNAVAILABLE; 500 would be UNKNOWN.
      const status = entry.rule.grpc && target.status === 500 ? 503 : target.status;
      const action = { case: "directResponse" as const, value: create(DirectResponseActionSchema, { status }) };
      return [routeOf(entry, share, restriction, action)];
    }
    case "redirect":
      return redirectCasesOf(target.redirect, entry.match, context.host, context.scheme).map((one) =>
        routeOf(entry, share, { ...restriction, ...one.restriction }, { case: "redirect", value: one.action }),
      );
  }
}

function forwardRouteOf(entry: HttpEntry, shares: readonly Share[], { scheme }: HostContext, portion: Portion): Route {
  const [first] = shares;
  const { action, filters } = forwardActionOf(entry, shares, { secure: scheme === "https", portion });
  const headers =
    first === undefined || forwardsHeadersItself(shares) ? { requestHeaders: [], responseHeaders: [] } : first;
  const treatment = first?.treatment ?? NO_TREATMENT;
  return routeOf(entry, { ...headers, treatment }, restrictionTo(portion), { case: "route", value: action }, filters);
}

/** Earlier routes have taken what lies before the portion. */
const restrictionTo = ({ below }: Portion): Restriction => (below === WHOLE ? {} : { below });

function routeOf(
  { rule, match, matchIndex }: HttpEntry,
  { requestHeaders, responseHeaders, treatment }: Pick<Share, "requestHeaders" | "responseHeaders" | "treatment">,
  restriction: Restriction,
  action: Route["action"],
  filters: Readonly<Record<string, Any>> = {},
): Route {
  const request = headerListsOf(...requestHeaders);
  const response = headerListsOf(...responseHeaders);
  return create(RouteSchema, {
    name: `${formatRule(rule.origin)}/${matchIndex}`,
    match: routeMatchOf(match, restriction),
    action,
    requestHeadersToAdd: request.add,
    requestHeadersToRemove: request.remove,
    responseHeadersToAdd: response.add,
    responseHeadersToRemove: rule.retry === undefined ? response.remove : [...response.remove, UNREACHED_HEADER],
    typedPerFilterConfig: { ...filtersOf(treatment), ...filters },
  });
}

/** The filters that are disabled until a route configures them. */
function filtersOf({ cors, externalAuths }: Treatment): Readonly<Record<string, Any>> {
  const filters: Record<string, Any> = {};
  if (cors !== undefined) filters[CORS_FILTER] = anyPack(CorsPolicySchema, corsPolicyOf(cors));
  for (const [index, { auth, backend }] of externalAuths.entries()) {
    const name = index === 0 ? EXTERNAL_AUTH_FILTER : BACKEND_EXTERNAL_AUTH_FILTER;
    filters[name] = anyPack(ExtAuthzPerRouteSchema, externalAuthOf(auth, backend));
  }
  return filters;
}
