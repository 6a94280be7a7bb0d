/**
 * Plans how a host's entries are found: a tree over the dimensions in which they differ, in place of one long list. It is
 * Envoy's matcher in our own words and knows nothing of messages; matcher-message.ts writes it down.
 *
 * What a request finds is what the list would give: every split keeps the order of entries that could both match. Envoy goes
 * on where a branch finds nothing (to shorter prefixes, to `otherwise`, to the next step), but a list of routes is final. So
 * a list stands only where nothing may come after it; elsewhere each entry is a step with all of its conditions. No
 * entry is copied, but for those behind a condition that no matcher can ask; if these grow too many, the host stays a list.
 */
import type { HttpEntry } from "../../model/index.ts";
import { candidateOf, conditionsOf, isUnconditional, parameterCondition } from "./conditions.ts";
import type { Candidate, Condition } from "./conditions.ts";
import { overlaps } from "./overlap.ts";
import type { ParameterSegment } from "./parameter-split.ts";
import { bestPartition } from "./partition.ts";
import type { PathSegment, Segment, ValueSegment } from "./partition.ts";

export type MatchNode =
  /** Final: tried in order, and none of them is 404. */
  | { readonly kind: "routes"; readonly entries: readonly HttpEntry[] }
  /** By the route path header: an exact key first, then the longest prefix, then shorter ones. */
  | {
      readonly kind: "paths";
      readonly exact: ReadonlyMap<string, MatchNode>;
      readonly prefixes: ReadonlyMap<string, MatchNode>;
    }
  | {
      readonly kind: "values";
      readonly header: string;
      readonly values: ReadonlyMap<string, MatchNode>;
      readonly otherwise?: MatchNode;
    }
  /** The first step whose conditions hold and whose node finds something. */
  | { readonly kind: "sequence"; readonly steps: readonly MatchStep[] };

export interface MatchStep {
  /** All must hold; none: always. */
  readonly conditions: readonly Condition[];
  readonly node: MatchNode;
}

/** Lists up to this length stay lists: a tree costs about as much as this many routes do. */
export const LONGEST_LIST = 12;
/** Envoy parses messages at most 100 deep, and a level of the tree takes up to nine. */
const DEEPEST_TREE = 8;

export function matchingTreeOf(entries: readonly HttpEntry[]): MatchNode {
  const candidates = untilClosed(entries.map(candidateOf));
  const list = listOf(candidates);
  if (candidates.length <= LONGEST_LIST) return list;
  const host: Host = { entries, copies: 0, maxCopies: entries.length };
  const tree = nodeOf(host, candidates, false, 0);
  return host.copies > host.maxCopies ? list : tree;
}

interface Host {
  readonly entries: readonly HttpEntry[];
  copies: number;
  readonly maxCopies: number;
}

/** `open`: what is not found here may be found elsewhere. */
function nodeOf(host: Host, all: readonly Candidate[], open: boolean, depth: number): MatchNode {
  const candidates = untilClosed(all);
  const last = candidates.at(-1);
  const goesOn = open && !(last !== undefined && isUnconditional(last));
  if (candidates.length > LONGEST_LIST && depth < DEEPEST_TREE) {
    const segments = bestPartition(candidates);
    if (segments !== undefined)
      return sequenceOf(
        segments.flatMap((segment, index) =>
          stepsOfSegment(host, segment, goesOn || index + 1 < segments.length, depth),
        ),
      );
  }
  return goesOn ? sequenceOf(candidates.map((candidate) => stepOf(host, candidate))) : listOf(candidates);
}

function stepsOfSegment(host: Host, segment: Segment, open: boolean, depth: number): readonly MatchStep[] {
  if (segment.candidates.length <= LONGEST_LIST) return stepsOfNode(nodeOf(host, segment.candidates, open, depth + 1));
  switch (segment.kind) {
    case "paths":
      return [{ conditions: [], node: pathsOf(host, segment, open, depth) }];
    case "values":
      return [{ conditions: [], node: valuesOf(host, segment, open, depth) }];
    case "parameter":
      return parameterStepsOf(host, segment, open, depth);
  }
}

const stepsOfNode = (node: MatchNode): readonly MatchStep[] =>
  node.kind === "sequence" ? node.steps : [{ conditions: [], node }];

/** Candidates keep their condition on the parameter: a group says how its value begins at most. */
function parameterStepsOf(host: Host, segment: ParameterSegment, open: boolean, depth: number): readonly MatchStep[] {
  const { name, groups, rest } = segment;
  const steps = groups.map(({ type, value, candidates }) => ({
    conditions: [parameterCondition(name, type, value)],
    node: nodeOf(host, candidates, open || rest.length > 0, depth + 1),
  }));
  return rest.length === 0 ? steps : [...steps, ...stepsOfNode(nodeOf(host, rest, open, depth + 1))];
}

function pathsOf(host: Host, segment: PathSegment, open: boolean, depth: number): MatchNode {
  const covered = coveredKeys(segment);
  const child = (key: string, kind: "exact" | "prefix", candidates: readonly Candidate[]): MatchNode =>
    nodeOf(host, candidates, open || covered[kind].has(key), depth + 1);
  return {
    kind: "paths",
    exact: new Map([...segment.exact].map(([key, candidates]) => [key, child(key, "exact", candidates)])),
    prefixes: new Map([...segment.prefixes].map(([key, candidates]) => [key, child(key, "prefix", candidates)])),
  };
}

/** The keys of a segment that another, shorter key covers too, so that a search may go on there. */
function coveredKeys(segment: PathSegment): {
  readonly exact: ReadonlySet<string>;
  readonly prefix: ReadonlySet<string>;
} {
  const keys = [
    ...[...segment.prefixes.keys()].map((key) => ({ key, kind: "prefix" as const })),
    ...[...segment.exact.keys()].map((key) => ({ key, kind: "exact" as const })),
  ].sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
  const covered = { exact: new Set<string>(), prefix: new Set<string>() };
  const above: string[] = [];
  for (const { key, kind } of keys) {
    while (above.length > 0 && !key.startsWith(above.at(-1) ?? "")) above.pop();
    if (above.length > 0) covered[kind].add(key);
    if (kind === "prefix") above.push(key);
  }
  return covered;
}

function valuesOf(host: Host, segment: ValueSegment, open: boolean, depth: number): MatchNode {
  const { header, values, rest } = segment;
  const inner = open || rest.length > 0;
  return {
    kind: "values",
    header,
    values: new Map([...values].map(([value, candidates]) => [value, nodeOf(host, candidates, inner, depth + 1)])),
    ...(rest.length > 0 ? { otherwise: nodeOf(host, rest, open, depth + 1) } : {}),
  };
}

function stepOf(host: Host, candidate: Candidate): MatchStep {
  const { conditions, complete } = conditionsOf(candidate);
  const { entry } = candidate;
  return { conditions, node: { kind: "routes", entries: complete ? [entry] : [entry, ...laterThan(host, candidate)] } };
}

/** The entries that a request may still match when its conditions hold and the candidate does not match after all. */
function laterThan(host: Host, candidate: Candidate): readonly HttpEntry[] {
  if (host.copies > host.maxCopies) return [];
  const later: HttpEntry[] = [];
  for (const entry of host.entries.slice(candidate.index + 1)) {
    if (!overlaps(candidate.entry.match, entry.match)) continue;
    later.push(entry);
    if (isUnconditional(candidateOf(entry, 0))) break;
  }
  host.copies += later.length;
  return later;
}

const listOf = (candidates: readonly Candidate[]): MatchNode => ({
  kind: "routes",
  entries: candidates.map(({ entry }) => entry),
});

function sequenceOf(steps: readonly MatchStep[]): MatchNode {
  const [only] = steps;
  return steps.length === 1 && only?.conditions.length === 0 ? only.node : { kind: "sequence", steps };
}

/** Without those that come after one which always matches. */
function untilClosed(candidates: readonly Candidate[]): readonly Candidate[] {
  const closing = candidates.findIndex(isUnconditional);
  return closing < 0 ? candidates : candidates.slice(0, closing + 1);
}
