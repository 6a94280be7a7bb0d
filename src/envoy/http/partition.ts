/**
 * Splits a list of candidates along one dimension: the path, the exact value of one header (`:method` among them), or that
 * of one query parameter.
 * Where a split would let a later candidate be tried before an earlier one that could match the same request, a new segment
 * begins; segments are tried one after the other. The dimension chosen is the one that leaves the least to try.
 */
import type { Candidate } from "./conditions.ts";
import { startOf } from "./overlap.ts";
import { parametersOf, splitByParameter } from "./parameter-split.ts";
import type { ParameterSegment } from "./parameter-split.ts";

export interface PathSegment {
  readonly kind: "paths";
  readonly candidates: readonly Candidate[];
  readonly exact: ReadonlyMap<string, readonly Candidate[]>;
  readonly prefixes: ReadonlyMap<string, readonly Candidate[]>;
}

export interface ValueSegment {
  readonly kind: "values";
  readonly header: string;
  readonly candidates: readonly Candidate[];
  readonly values: ReadonlyMap<string, readonly Candidate[]>;
  /** Those that do not ask for this header's value; all of them come after those that do. */
  readonly rest: readonly Candidate[];
}

export type Segment = PathSegment | ValueSegment | ParameterSegment;

/** A split must leave at most this share of the candidates to try one by one. */
const WORTHWHILE = 0.7;
const MOST_HEADERS = 4;

/** The segments of the best dimension, in order; undefined where none is better than the list. */
export function bestPartition(candidates: readonly Candidate[]): readonly Segment[] | undefined {
  const partitions = [
    splitByPath(candidates),
    ...headersOf(candidates).map((header) => splitByValue(candidates, header)),
    ...parametersOf(candidates).map((name) => splitByParameter(candidates, name)),
  ];
  let best: { readonly segments: readonly Segment[]; readonly cost: number } | undefined;
  for (const segments of partitions) {
    const cost = segments.reduce((sum, segment) => sum + costOf(segment), 0);
    if (best === undefined || cost < best.cost) best = { segments, cost };
  }
  return best !== undefined && best.cost <= WORTHWHILE * candidates.length ? best.segments : undefined;
}

/** About how many candidates a request meets. */
function costOf(segment: Segment): number {
  switch (segment.kind) {
    case "paths":
      return 1 + largestOf([...segment.exact.values(), ...segment.prefixes.values()]);
    case "values":
      return 1 + largestOf([...segment.values.values()]) + segment.rest.length;
    case "parameter":
      // Here each group is a step of its own.
      return segment.groups.length + largestOf(segment.groups.map((group) => group.candidates)) + segment.rest.length;
  }
}

const largestOf = (buckets: readonly (readonly Candidate[])[]): number =>
  buckets.reduce((most, bucket) => Math.max(most, bucket.length), 0);

/** The headers that most candidates ask an exact value of. */
function headersOf(candidates: readonly Candidate[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const candidate of candidates) {
    for (const [header] of exactValues(candidate)) counts.set(header, (counts.get(header) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, MOST_HEADERS)
    .map(([header]) => header);
}

function exactValues({ method, headers }: Candidate): readonly (readonly [string, string])[] {
  const exact = headers.filter(({ type }) => type === "Exact").map(({ name, value }) => [name, value] as const);
  return method === undefined ? exact : [[":method", method], ...exact];
}

function splitByValue(candidates: readonly Candidate[], header: string): readonly ValueSegment[] {
  const segments: (ValueSegment & { readonly values: Map<string, Candidate[]>; readonly rest: Candidate[] } & {
    readonly candidates: Candidate[];
  })[] = [];
  for (const candidate of candidates) {
    const value = exactValues(candidate).find(([name]) => name === header)?.[1];
    let segment = segments.at(-1);
    if (segment === undefined || (value !== undefined && segment.rest.length > 0)) {
      segment = { kind: "values", header, candidates: [], values: new Map(), rest: [] };
      segments.push(segment);
    }
    segment.candidates.push(candidate);
    if (value === undefined) segment.rest.push(candidate);
    else bucketOf(segment.values, value).push(withoutHeader(candidate, header));
  }
  return segments;
}

function withoutHeader(candidate: Candidate, header: string): Candidate {
  if (header !== ":method") return { ...candidate, headers: candidate.headers.filter(({ name }) => name !== header) };
  const { method: _, ...others } = candidate;
  return others;
}

interface OpenPathSegment extends PathSegment {
  readonly candidates: Candidate[];
  readonly exact: Map<string, Candidate[]>;
  readonly prefixes: Map<string, Candidate[]>;
  /** Lengths of keys in `prefixes`. */
  readonly lengths: Set<number>;
}

function splitByPath(candidates: readonly Candidate[]): readonly PathSegment[] {
  const segments: OpenPathSegment[] = [];
  for (const candidate of candidates) {
    const { path } = candidate;
    const key = path === undefined ? "/" : startOf(path);
    const exact = path?.type === "Exact";
    let segment = segments.at(-1);
    if (segment === undefined || isCovered(segment, key, exact)) {
      segment = { kind: "paths", candidates: [], exact: new Map(), prefixes: new Map(), lengths: new Set() };
      segments.push(segment);
    }
    segment.candidates.push(candidate);
    bucketOf(exact ? segment.exact : segment.prefixes, key).push(withoutPath(candidate));
    if (!exact) segment.lengths.add(key.length);
  }
  return segments;
}

/** Whether an earlier candidate has a key that the tree tries after this one, for a request that has both. */
function isCovered(segment: OpenPathSegment, key: string, exact: boolean): boolean {
  for (const length of segment.lengths) {
    if ((length < key.length || (exact && length === key.length)) && segment.prefixes.has(key.slice(0, length)))
      return true;
  }
  return false;
}

/** The key says all of an exact path and of a prefix, but only the start of a regular expression. */
function withoutPath(candidate: Candidate): Candidate {
  const { path, ...others } = candidate;
  return path?.type === "RegularExpression" ? candidate : others;
}

function bucketOf(buckets: Map<string, Candidate[]>, key: string): Candidate[] {
  const bucket = buckets.get(key) ?? [];
  if (bucket.length === 0) buckets.set(key, bucket);
  return bucket;
}
