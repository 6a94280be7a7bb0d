/**
 * The order in which the matches of one virtual host are tried: the Gateway API's precedence across all routes of a
 * listener, with the places it leaves open decided in docs/decisions/precedence.md.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
import type { HttpEntry } from "../../model/index.ts";
import { compareText, compareTimestamps } from "../../resources/index.ts";
import type { RouteReference } from "../attachment.ts";
import { compareMatchRanks, type MatchRank } from "./match-rank.ts";

/** An entry with what decides its place. */
export interface RankedEntry {
  readonly entry: HttpEntry;
  readonly rank: MatchRank;
  readonly route: RouteReference;
  /** The hostname as the route states it, `*` where it states none. */
  readonly routeHostname: string;
}

/**
 * Negative where `a` is tried first. In turn: the route's own hostname (exact, then longer wildcard, then none); path kind
 * (Exact, RegularExpression, PathPrefix); longer path (of gRPC: longer service, then method); a method; no preflight; more
 * headers; more query parameters; the older route; "namespace/name"; kind; the position of the rule and of the match.
 */
export function compareRankedEntries(a: RankedEntry, b: RankedEntry): number {
  return (
    compareHostnames(a.routeHostname, b.routeHostname) ||
    compareMatchRanks(a.rank, b.rank) ||
    Number(b.entry.match.method !== undefined) - Number(a.entry.match.method !== undefined) ||
    Number(a.rank.preflight !== "no") - Number(b.rank.preflight !== "no") ||
    b.entry.match.headers.length - a.entry.match.headers.length ||
    b.entry.match.queryParams.length - a.entry.match.queryParams.length ||
    compareRoutes(a.route, b.route) ||
    a.entry.rule.origin.rule - b.entry.rule.origin.rule ||
    a.entry.matchIndex - b.entry.matchIndex
  );
}

/** The older route first; of the same age, by "namespace/name", and at last by kind. */
export function compareRoutes(a: RouteReference, b: RouteReference): number {
  return (
    compareTimestamps(a.createdAt, b.createdAt) ||
    compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`) ||
    compareText(a.kind, b.kind)
  );
}

/** The more specific hostname first: without a wildcard before with one, longer before shorter, `*` last. */
export function compareHostnames(a: string, b: string): number {
  return Number(a.startsWith("*")) - Number(b.startsWith("*")) || b.length - a.length;
}
