/**
 * How specific the path of a match is: what decides between matches before methods, headers and ages do. It is stated apart
 * from the match because gRPC counts otherwise than HTTP: a longer service comes before any method.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule
 */
import type { HttpMatch, PathMatch } from "../../model/index.ts";

export interface MatchRank {
  readonly type: PathMatch["type"];
  /** Characters of the path, or of a gRPC service with its slash. */
  readonly length: number;
  /** Characters of a gRPC method, where `length` does not count them. */
  readonly methodLength: number;
  /**
   * A CORS preflight, taken for a rule that does not match it itself. `sure`: only that rule can be meant, so that it comes
   * before rules without a method, and after one that states OPTIONS. `unsure`: the rule asks for headers, which a preflight
   * never has, so that whatever else matches the same path comes first.
   */
  readonly preflight: "no" | "sure" | "unsure";
}

export interface RankedMatch {
  readonly match: HttpMatch;
  readonly rank: MatchRank;
}

/** A match as HTTPRoutes rank it. */
export const rankedByPath = (match: HttpMatch): RankedMatch => ({
  match,
  rank: { type: match.path.type, length: match.path.value.length, methodLength: 0, preflight: "no" },
});

const ORDER = { Exact: 0, RegularExpression: 1, PathPrefix: 2 } as const satisfies Record<PathMatch["type"], number>;

/** Negative where `a` is more specific. */
export function compareMatchRanks(a: MatchRank, b: MatchRank): number {
  return (
    ORDER[a.type] - ORDER[b.type] ||
    b.length - a.length ||
    b.methodLength - a.methodLength ||
    Number(a.preflight === "unsure") - Number(b.preflight === "unsure")
  );
}
