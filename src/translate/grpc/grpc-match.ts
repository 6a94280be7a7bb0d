/**
 * GRPCRoute matches as the model has them: a gRPC method is an HTTP path, `/service/method`, so that HTTPRoutes and
 * GRPCRoutes of one host are tried in one order.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutematch
 */
import { type PathMatch, quoteRegularExpression } from "../../model/index.ts";
import type { GRPCMethodMatch, GRPCRouteMatch } from "../../resources/index.ts";
import { valueMatchesOf } from "../http/http-match.ts";
import type { ReadExpression } from "../http/regular-expression.ts";
import type { MatchRank, RankedMatch } from "../virtual-hosts/match-rank.ts";

/** `path` is the match's field path, for messages. Its rank is that of what is stated, also where an expression is read wider. */
export function grpcMatchOf(match: GRPCRouteMatch, path: string, expression: ReadExpression): RankedMatch {
  return {
    match: {
      path: pathMatchOf(match.method, `${path}.method`, expression),
      headers: valueMatchesOf(match.headers ?? [], `${path}.headers`, (name) => name.toLowerCase(), expression),
      queryParams: [],
    },
    rank: rankOf(match.method),
  };
}

/** An element that is not stated matches any. */
function pathMatchOf(match: GRPCMethodMatch | undefined, path: string, expression: ReadExpression): PathMatch {
  const { service, method } = match ?? {};
  if (service === undefined && method === undefined) return { type: "PathPrefix", value: "/" };
  if (match?.type === "RegularExpression") {
    const part = (text: string | undefined, field: string): string =>
      group(text === undefined ? undefined : expression(text, `${path}.${field}`));
    const value = `/${part(service, "service")}/${part(method, "method")}`;
    return { type: "RegularExpression", value: expression(value, path) };
  }
  if (service === undefined)
    return { type: "RegularExpression", value: `/[^/]+/${quoteRegularExpression(method ?? "")}` };
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
