/**
 * GRPCRoute matches as the model has them: a gRPC method is an HTTP path, `/service/method`, so that HTTPRoutes and
 * GRPCRoutes of one host are tried in one order.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutematch
 */
import type { HttpMatch, PathMatch } from "../../model/index.ts";
import type { GRPCMethodMatch, GRPCRouteMatch } from "../../resources/index.ts";
import { valueMatchesOf } from "../http/http-match.ts";
import { checkRegularExpression } from "../http/regular-expression.ts";

export function grpcMatchOf(match: GRPCRouteMatch, path: string): HttpMatch {
  return {
    path: pathMatchOf(match.method, `${path}.method`),
    headers: valueMatchesOf(match.headers ?? [], `${path}.headers`, (name) => name.toLowerCase()),
    queryParams: [],
  };
}

/** An element that is not stated matches any. */
function pathMatchOf(match: GRPCMethodMatch | undefined, path: string): PathMatch {
  const { service, method } = match ?? {};
  if (service === undefined && method === undefined) return { type: "PathPrefix", value: "/" };
  if (match?.type === "RegularExpression") {
    if (service !== undefined) checkRegularExpression(service, `${path}.service`);
    if (method !== undefined) checkRegularExpression(method, `${path}.method`);
    return { type: "RegularExpression", value: `/${group(service)}/${group(method)}` };
  }
  if (service === undefined)
    return { type: "RegularExpression", value: `/[^/]+/${escapeRegularExpression(method ?? "")}` };
  return method === undefined
    ? { type: "PathPrefix", value: `/${service}` }
    : { type: "Exact", value: `/${service}/${method}` };
}

const group = (expression: string | undefined): string => (expression === undefined ? "[^/]+" : `(?:${expression})`);

const escapeRegularExpression = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
