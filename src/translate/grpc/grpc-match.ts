/**
 * GRPCRoute matches as the model has them: a gRPC method is an HTTP path, `/service/method`, so that HTTPRoutes and
 * GRPCRoutes of one host are tried in one order.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutematch
 */
import type { PathMatch } from "../../model/index.ts";
import type { GRPCMethodMatch, GRPCRouteMatch } from "../../resources/index.ts";
import { valueMatchesOf } from "../http/http-match.ts";
import { checkRegularExpression } from "../http/regular-expression.ts";
import type { MatchRank, RankedMatch } from "../virtual-hosts/match-rank.ts";

/** `path` is the match's field path, for messages. Throws RuleDropped on a regular expression that cannot be served. */
export function grpcMatchOf(match: GRPCRouteMatch, path: string): RankedMatch {
  return {
    match: {
      path: pathMatchOf(match.method, `${path}.method`),
      headers: valueMatchesOf(match.headers ?? [], `${path}.headers`, (name) => name.toLowerCase()),
      queryParams: [],
    },
    rank: rankOf(match.method),
  };
}

/** An element that is not stated matches any. */
function pathMatchOf(match: GRPCMethodMatch | undefined, path: string): PathMatch {
  const { service, method } = match ?? {};
  if (service === undefined && method === undefined) return { type: "PathPrefix", value: "/" };
  if (match?.type === "RegularExpression") {
    const value = `/${group(service)}/${group(method)}`;
    if (service !== undefined) checkRegularExpression(service, `${path}.service`);
    if (method !== undefined) checkRegularExpression(method, `${path}.method`);
    checkRegularExpression(value, path);
    return { type: "RegularExpression", value };
  }
  if (service === undefined)
    return { type: "RegularExpression", value: `/[^/]+/${escapeRegularExpression(method ?? "")}` };
  return method === undefined
    ? { type: "PathPrefix", value: `/${service}` }
    : { type: "Exact", value: `/${service}/${method}` };
}

/**
 * More characters of the service come first, then more of the method: so one that states a method alone comes after all
 * that state a service, though a path prefix cannot say what it does.
 */
function rankOf(match: GRPCMethodMatch | undefined): MatchRank {
  const { service, method, type } = match ?? {};
  const methodLength = method?.length ?? 0;
  if (service === undefined) return { type: "PathPrefix", length: 1, methodLength, preflight: "no" };
  const length = 1 + service.length;
  if (type === "RegularExpression") return { type: "RegularExpression", length, methodLength, preflight: "no" };
  return method === undefined
    ? { type: "PathPrefix", length, methodLength: 0, preflight: "no" }
    : { type: "Exact", length: length + 1 + methodLength, methodLength: 0, preflight: "no" };
}

const group = (expression: string | undefined): string => (expression === undefined ? "[^/]+" : `(?:${expression})`);

const escapeRegularExpression = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
