/**
 * Splits a list of candidates by the value of one query parameter. Envoy's matchers have no map for that, so the values are
 * told apart by their first differing character, with a regular expression on the query for each, and further down by
 * the next one: the steps grow with the logarithm of the values.
 */
import type { Candidate } from "./conditions.ts";
import { isAskable } from "./conditions.ts";

export interface ParameterSegment {
  readonly kind: "parameter";
  readonly name: string;
  readonly candidates: readonly Candidate[];
  /** Values that begin with the text, but for the group of the value that all others begin with. */
  readonly groups: readonly ParameterGroup[];
  /** Those that do not ask for this parameter's exact value; all of them come after those that do. */
  readonly rest: readonly Candidate[];
}

export interface ParameterGroup {
  readonly type: "exact" | "prefix";
  readonly value: string;
  readonly candidates: readonly Candidate[];
}

const MOST_PARAMETERS = 2;

/** The parameters that most candidates ask an exact value of. */
export function parametersOf(candidates: readonly Candidate[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { queryParams } of candidates) {
    for (const parameter of queryParams) {
      if (isAskable(parameter)) counts.set(parameter.name, (counts.get(parameter.name) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, MOST_PARAMETERS)
    .map(([name]) => name);
}

export function splitByParameter(candidates: readonly Candidate[], name: string): readonly ParameterSegment[] {
  const runs: { asking: { candidate: Candidate; value: string }[]; rest: Candidate[] }[] = [];
  for (const candidate of candidates) {
    const value = candidate.queryParams.find((parameter) => parameter.name === name && isAskable(parameter))?.value;
    let run = runs.at(-1);
    if (run === undefined || (value !== undefined && run.rest.length > 0)) {
      run = { asking: [], rest: [] };
      runs.push(run);
    }
    if (value === undefined) run.rest.push(candidate);
    else run.asking.push({ candidate, value });
  }
  return runs.map(({ asking, rest }) => ({
    kind: "parameter",
    name,
    candidates: [...asking.map(({ candidate }) => candidate), ...rest],
    groups: groupsOf(asking),
    rest,
  }));
}

function groupsOf(
  asking: readonly { readonly candidate: Candidate; readonly value: string }[],
): readonly ParameterGroup[] {
  const shared = sharedStart(asking.map(({ value }) => value));
  const groups = new Map<string, Candidate[]>();
  for (const { candidate, value } of asking) {
    const key = value.slice(0, shared.length + 1);
    const group = groups.get(key) ?? [];
    if (group.length === 0) groups.set(key, group);
    group.push(candidate);
  }
  return [...groups].map(([value, candidates]) => ({ type: value === shared ? "exact" : "prefix", value, candidates }));
}

function sharedStart(values: readonly string[]): string {
  let shared = values[0] ?? "";
  for (const value of values) {
    while (!value.startsWith(shared)) shared = shared.slice(0, -1);
  }
  return shared;
}
