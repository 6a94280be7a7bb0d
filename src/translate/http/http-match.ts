/**
 * HTTPRoute matches as the model has them: names normalised, defaults applied, lists in an order of their own, so that two
 * matches that mean the same are equal.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
 */
import type { HttpMatch, PathMatch, ValueMatch } from "../../model/index.ts";
import type { HTTPHeaderMatch, HTTPPathMatch, HTTPQueryParamMatch, HTTPRouteMatch } from "../../resources/index.ts";
import { RuleDropped } from "../rules/rule-scope.ts";
import { checkRegularExpression } from "./regular-expression.ts";

/** `path` is the match's field path, for messages. Throws RuleDropped on a regular expression that cannot be served. */
export function httpMatchOf(match: HTTPRouteMatch, path: string): HttpMatch {
  return {
    path: pathMatchOf(match.path, `${path}.path`),
    ...(match.method !== undefined && { method: match.method }),
    headers: valueMatchesOf(match.headers ?? [], `${path}.headers`, (name) => name.toLowerCase()),
    queryParams: valueMatchesOf(match.queryParams ?? [], `${path}.queryParams`, (name) => name),
  };
}

function pathMatchOf(match: HTTPPathMatch, path: string): PathMatch {
  if (match.type === "RegularExpression") checkPathExpression(match.value, `${path}.value`);
  return { type: match.type, value: match.type === "PathPrefix" ? withoutTrailingSlash(match.value) : match.value };
}

/** Envoy refuses the empty expression, and a path is never empty. */
function checkPathExpression(expression: string, path: string): void {
  if (expression === "") {
    throw new RuleDropped(path, "an empty regular expression matches no path; write one, or take the rule out");
  }
  checkRegularExpression(expression, path);
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
): ValueMatch[] {
  const byName = new Map<string, ValueMatch>();
  for (const [index, match] of matches.entries()) {
    const name = normalise(match.name);
    if (byName.has(name)) continue;
    if (match.type === "RegularExpression") checkRegularExpression(match.value, `${path}[${index}].value`);
    byName.set(name, { name, type: match.type, value: match.value });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
