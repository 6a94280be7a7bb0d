/**
 * The matches of one rule of an HTTPRoute or GRPCRoute, also of a rule that cannot be served: its requests are refused, not
 * left to a broader rule that may let in whom this one keeps away (docs/decisions/rules-left-out.md).
 *
 * A match that cannot be read as it is stated takes nothing, unless the rule is guarded. Then it takes every request that it
 * could have been for: fails closed.
 */
import type { HTTPRouteFilter } from "../../resources/index.ts";
import type { RankedMatch } from "../virtual-hosts/match-rank.ts";
import { type ReadExpression, servableExpression, widerExpression } from "../http/regular-expression.ts";
import type { MatchOfRule } from "./route-rules.ts";
import type { RuleScope } from "./rule-scope.ts";

interface FilteredRule {
  readonly filters?: readonly HTTPRouteFilter[];
  readonly backendRefs?: readonly { readonly filters?: readonly HTTPRouteFilter[] }[];
}

/** `path` is a match's field path. Throws RuleDropped where the match, or `expression` of one in it, cannot be served. */
export type ReadMatch<M> = (match: M, path: string, expression: ReadExpression) => RankedMatch;

/** In their order; the rule is left out in `scope` where one of them cannot be served. */
export function matchesOfRule<M>(
  rule: FilteredRule,
  index: number,
  matches: readonly M[],
  read: ReadMatch<M>,
  scope: RuleScope,
): MatchOfRule[] {
  return matches.flatMap((match, matchIndex): MatchOfRule[] => {
    const path = `spec.rules[${index}].matches[${matchIndex}]`;
    const served = scope.attempt(index, () => read(match, path, servableExpression));
    if (served) return [{ ...served, index: matchIndex }];
    if (!isGuarded(rule)) return [];
    scope.notices.push({
      code: "guarded-match-refused",
      path,
      message: "every request that the match could be for is answered with an error, since the rule says who may pass",
      advice: "Correct the match, or take the rule out",
    });
    return [{ ...read(match, path, widerExpression), index: matchIndex }];
  });
}

/** A filter that is not known may be a guard. */
function isGuarded({ filters = [], backendRefs = [] }: FilteredRule): boolean {
  const all = [...filters, ...backendRefs.flatMap((backend) => backend.filters ?? [])];
  return all.some(({ type }) => type === "ExternalAuth" || type === "ExtensionRef");
}
