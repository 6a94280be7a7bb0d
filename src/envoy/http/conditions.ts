/**
 * What a matcher of Envoy can ask before it names a route: conditions on one request header each, the path among them by
 * the header of route-path-header.ts. Each is exactly as true as the same part of a route's own match, because a branch
 * whose condition holds and whose route then does not match is answered 404 and not tried further.
 */
import type { HttpEntry, PathMatch, ValueMatch } from "../../model/index.ts";
import { quoteRegularExpression } from "../../model/index.ts";
import { otherWordsExpression } from "./regular-expression.ts";
import { ROUTE_PATH_HEADER } from "./route-path-header.ts";

export interface Condition {
  /** In lower case; `:method` and `:path` are headers too. */
  readonly header: string;
  readonly type: "exact" | "prefix" | "regex";
  readonly value: string;
}

/** An entry with what is still to be asked of a request at some place of the tree. */
export interface Candidate {
  readonly entry: HttpEntry;
  /** Position in the host's entries. */
  readonly index: number;
  /** Absent: any path. */
  readonly path?: PathMatch;
  readonly method?: string;
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
}

export function candidateOf(entry: HttpEntry, index: number): Candidate {
  const { path, method, headers, queryParams } = entry.match;
  const anyPath = path.type === "PathPrefix" && path.value === "/";
  return {
    entry,
    index,
    headers,
    queryParams,
    ...(anyPath ? {} : { path }),
    ...(method === undefined ? {} : { method }),
  };
}

/** Whether every request that comes this far matches. */
export const isUnconditional = (candidate: Candidate): boolean =>
  candidate.path === undefined &&
  candidate.method === undefined &&
  candidate.headers.length === 0 &&
  candidate.queryParams.length === 0;

/** The key of an exact path, and of a prefix of whole elements, in the route path header. */
export const pathKey = (path: string): string => (path === "/" ? "/" : `${path}/`);
/** An exact path keeps its own slash at the end: `/` is the key `//`. */
export const exactPathKey = (path: string): string => `${path}/`;

/**
 * The conditions that are left to a candidate. `complete` is false where a condition cannot be put to a matcher (a regular
 * expression on a query parameter): then these are necessary and not sufficient.
 */
export function conditionsOf(candidate: Candidate): {
  readonly conditions: readonly Condition[];
  readonly complete: boolean;
} {
  const conditions: Condition[] = [];
  if (candidate.path !== undefined) conditions.push(pathCondition(candidate.path));
  if (candidate.method !== undefined) conditions.push({ header: ":method", type: "exact", value: candidate.method });
  for (const { name, type, value } of candidate.headers) {
    conditions.push({ header: name, type: type === "Exact" ? "exact" : "regex", value });
  }
  const askable = candidate.queryParams.filter(isAskable);
  conditions.push(...askable.map(({ name, value }) => parameterCondition(name, "exact", value)));
  return { conditions, complete: askable.length === candidate.queryParams.length };
}

function pathCondition(path: PathMatch): Condition {
  switch (path.type) {
    case "Exact":
      return { header: ROUTE_PATH_HEADER, type: "exact", value: exactPathKey(path.value) };
    case "PathPrefix":
      return { header: ROUTE_PATH_HEADER, type: "prefix", value: pathKey(path.value) };
    case "RegularExpression":
      return { header: ROUTE_PATH_HEADER, type: "regex", value: `(?:${path.value})/` };
  }
}

/** Whether a matcher can ask for it. A name with `&` or `=`, or a value with `&`, is in no query string and never found. */
export const isAskable = ({ name, type, value }: ValueMatch): boolean =>
  type === "Exact" && !/[&=]/.test(name) && !value.includes("&");

/**
 * Envoy's routes look at the first parameter of a name, without decoding; its matchers may not ask for parameters at all, so
 * this one walks the query string of `:path`: parameters of other names, then the wanted one, then anything.
 */
export function parameterCondition(name: string, type: "exact" | "prefix", value: string): Condition {
  const others = `(?:${otherWordsExpression([name], "=&")}(?:=[^&]*)?&)*`;
  const wanted = `${quoteRegularExpression(name)}=${type === "exact" && value === "" ? "?" : quoteRegularExpression(value)}`;
  const end = type === "exact" ? "(?:&.*)?" : ".*";
  return { header: ":path", type: "regex", value: `[^?]*\\?${others}${wanted}${end}` };
}
