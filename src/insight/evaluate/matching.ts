/**
 * Whether a match of a route's rule fits a request, and how two matches that both fit are ranked.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
import { RE2JS } from "re2js";
import type { GRPCRouteMatch, HTTPRouteMatch } from "../../resources/index.ts";
import { isExpression, isReadable } from "./left-out.ts";
import { hasPrefix, queryOf, type Target } from "./paths.ts";
import type { EvaluatedRequest } from "./request.ts";

/** A match, with what decides who is tried first: each number more is better, the first difference decides. */
export interface RankedMatch {
  readonly fits: (request: EvaluatedRequest, target: Target) => boolean;
  readonly rank: readonly number[];
  /** For rewrites: the prefix that fitted. */
  readonly prefix?: string;
}

const EXACT = 3;
const REGULAR_EXPRESSION = 2;
const PREFIX = 1;

/**
 * Compares with regular expressions. One that is none never gets here, but for guarded rules: there it stands for whatever
 * begins as it does.
 */
function fullMatch(expression: string, text: string): boolean {
  if (isExpression(expression)) return RE2JS.matches(expression, text);
  const [beginning = ""] = /^[\w/-]*(?![*?{])/.exec(expression) ?? [];
  return text.startsWith(expression.includes("|") ? "" : beginning);
}

/** A match that cannot be read is one of no request, unless its rule says who may pass. */
const isLost = (match: HTTPRouteMatch | GRPCRouteMatch, isGuarded: boolean): boolean =>
  !isGuarded && !isReadable(match);

export function httpMatch(match: HTTPRouteMatch, isGuarded: boolean): RankedMatch {
  const { type, value } = match.path;
  const headers = firstOfEachName(match.headers ?? [], (name) => name.toLowerCase());
  const params = firstOfEachName(match.queryParams ?? [], (name) => name);
  const fitsPath = (path: string): boolean =>
    type === "Exact" ? path === value : type === "PathPrefix" ? hasPrefix(path, value) : fullMatch(value, path);
  return {
    fits: (request, target) =>
      !isLost(match, isGuarded) &&
      fitsPath(target.path) &&
      (match.method === undefined || match.method === request.method) &&
      headers.every((header) => fitsValue(header, request.headers[header.name.toLowerCase()])) &&
      params.every((param) => fitsValue(param, queryOf(target).get(param.name))),
    rank: [
      type === "Exact" ? EXACT : type === "RegularExpression" ? REGULAR_EXPRESSION : PREFIX,
      // A slash at the end of a prefix says nothing.
      type === "PathPrefix" && value.length > 1 && value.endsWith("/") ? value.length - 1 : value.length,
      0,
      match.method === undefined ? 0 : 1,
      headers.length,
      params.length,
    ],
    ...(type === "PathPrefix" && { prefix: value }),
  };
}

/** A gRPC call is a POST to /service/method; the page on precedence says how these rank among paths. */
export function grpcMatch(match: GRPCRouteMatch, isGuarded: boolean): RankedMatch {
  const { service, method, type = "Exact" } = match.method ?? {};
  const headers = firstOfEachName(match.headers ?? [], (name) => name.toLowerCase());
  const part = (wanted: string | undefined, text: string): boolean =>
    wanted === undefined ? text !== "" : type === "Exact" ? wanted === text : fullMatch(wanted, text);
  const fitsPath = ({ path }: Target): boolean => {
    if (service === undefined && method === undefined) return true;
    if (service !== undefined && method === undefined && type === "Exact") return hasPrefix(path, `/${service}`);
    const elements = path.split("/");
    return elements.length === 3 && part(service, elements[1] ?? "") && part(method, elements[2] ?? "");
  };
  return {
    fits: (request, target) =>
      !isLost(match, isGuarded) &&
      fitsPath(target) &&
      headers.every((header) => fitsValue(header, request.headers[header.name.toLowerCase()])),
    rank: [...grpcPathRank(service, method, type), 0, headers.length, 0],
  };
}

/** Characters of the service first, then of the method; a match without a service is hardly more than one of everything. */
function grpcPathRank(service: string | undefined, method: string | undefined, type: string): [number, number, number] {
  if (service === undefined) return [PREFIX, "/".length, (method ?? "").length];
  if (type === "RegularExpression") return [REGULAR_EXPRESSION, `/${service}`.length, (method ?? "").length];
  return method === undefined ? [PREFIX, `/${service}`.length, 0] : [EXACT, `/${service}/${method}`.length, 0];
}

interface Wanted {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

function fitsValue({ type, value }: Wanted, present: string | undefined): boolean {
  if (present === undefined) return false;
  return type === "Exact" ? present === value : fullMatch(value, present);
}

/** Of equal names, all but the first are ignored. */
function firstOfEachName<T extends { readonly name: string }>(
  list: readonly T[],
  normal: (name: string) => string,
): T[] {
  return list.filter(({ name }, index) => list.findIndex((other) => normal(other.name) === normal(name)) === index);
}
