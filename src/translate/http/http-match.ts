/**
 * HTTPRoute matches as the model has them: names normalised, defaults applied, lists in an order of their own, so that two
 * matches that mean the same are equal.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
 */
import type { HttpMatch, PathMatch, ValueMatch } from "../../model/index.ts";
import type { HTTPHeaderMatch, HTTPPathMatch, HTTPQueryParamMatch, HTTPRouteMatch } from "../../resources/index.ts";
import { RuleDropped } from "../rules/rule-scope.ts";
import { type RankedMatch, rankedByPath } from "../virtual-hosts/match-rank.ts";
import type { ReadExpression } from "./regular-expression.ts";

/** `path` is the match's field path, for messages. Its rank is that of what is stated, also where an expression is read wider. */
export function httpMatchOf(match: HTTPRouteMatch, path: string, expression: ReadExpression): RankedMatch {
  const read: HttpMatch = {
    path: pathMatchOf(match.path, `${path}.path`, expression),
    ...(match.method !== undefined && { method: match.method }),
    headers: valueMatchesOf(match.headers ?? [], `${path}.headers`, (name) => name.toLowerCase(), expression),
    queryParams: valueMatchesOf(match.queryParams ?? [], `${path}.queryParams`, (name) => name, expression),
  };
  const { rank } = rankedByPath(read);
  const isExpression = match.path.type === "RegularExpression";
  return { match: read, rank: isExpression ? { ...rank, length: match.path.value.length } : rank };
}

function pathMatchOf({ type, value }: HTTPPathMatch, path: string, expression: ReadExpression): PathMatch {
  switch (type) {
    case "Exact":
      return { type, value };
    case "PathPrefix":
      return { type, value: withoutTrailingSlash(value) };
    case "RegularExpression":
      return { type, value: pathExpressionOf(expression(value, `${path}.value`), `${path}.value`) };
  }
}

/** Envoy refuses the empty expression, and a path is never empty. */
function pathExpressionOf(expression: string, path: string): string {
  if (expression !== "") return expression;
  throw new RuleDropped(path, "an empty regular expression matches no path; write one, or take the rule out");
}

/** `/match/` and `/match` are the same prefix of path elements; `/` is every path. */
export function withoutTrailingSlash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
}

/** Only the first match of a name counts, as the specification says; sorted by name, so that their order means nothing. */
export function valueMatchesOf(
  matches: readonly (HTTPHeaderMatch | HTTPQueryParamMatch)[],
  path: string,
  normalise: (name: string) => string,
  expression: ReadExpression,
): ValueMatch[] {
  const byName = new Map<string, ValueMatch>();
  for (const [index, match] of matches.entries()) {
    const name = normalise(match.name);
    if (byName.has(name)) continue;
    const isExpression = match.type === "RegularExpression";
    const value = isExpression ? expression(match.value, `${path}[${index}].value`) : match.value;
    byName.set(name, { name, type: match.type, value });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
