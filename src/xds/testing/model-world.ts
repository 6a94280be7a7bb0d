/** Random wanted states for the model: consistent as translation makes them, with refused versions here and there. */
import * as fc from "fast-check";
import type { ResourceBatch, ResourceId, ResourceKind, ResourceRecord } from "../resource.ts";
import { modelRecord } from "./model-content.ts";

interface Part {
  readonly revision: number;
  readonly isBad: boolean;
}

interface HostPart extends Part {
  readonly clusters: readonly number[];
}

export interface World {
  readonly clusters: readonly Part[];
  readonly endpoints: readonly Part[];
  readonly secrets: readonly Part[];
  readonly listeners: readonly (Part | undefined)[];
  readonly tcpCluster: number;
  /** Of four tables, the hosts of `domains`. */
  readonly hosts: readonly (readonly (HostPart | undefined)[])[];
}

const domains = ["a.x", "b.x", "*.x"] as const;
/** Which endpoints each cluster takes: the first two share theirs. The last cluster also needs a secret. */
const endpointsOfCluster = [0, 0, 1, 2] as const;
/** What each listener refers to; the fourth is TCP, and the last two have their tables by route scopes. */
const listenerNeeds: readonly (readonly ResourceId[])[] = [
  [{ kind: "routeTable", name: "t0" }],
  [
    { kind: "routeTable", name: "t1" },
    { kind: "secret", name: "s1" },
  ],
  [
    { kind: "routeTable", name: "t0" },
    { kind: "routeTable", name: "t1" },
  ],
  [],
  [...scoped("t2")],
  [...scoped("t3")],
];

function scoped(name: string): ResourceId[] {
  return [
    { kind: "routeScope", name },
    { kind: "routeTable", name },
  ];
}

/** Worlds; `badness` is how many of a hundred versions are refused. */
export function worlds(badness: number): fc.Arbitrary<World> {
  const part = fc.record({
    revision: fc.nat({ max: 2 }),
    isBad: fc.nat({ max: 99 }).map((number) => number < badness),
  });
  const host = fc
    .tuple(part, fc.uniqueArray(fc.nat({ max: 3 }), { maxLength: 2 }))
    .map(([base, clusters]) => ({ ...base, clusters }));
  const listOf = <Item>(item: fc.Arbitrary<Item>, count: number): fc.Arbitrary<Item[]> =>
    fc.array(item, { minLength: count, maxLength: count });
  const maybe = <Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Item | undefined> =>
    fc.option(item, { nil: undefined, freq: 3 });
  return fc.record({
    clusters: listOf(part, 4),
    endpoints: listOf(part, 3),
    secrets: listOf(part, 2),
    listeners: listOf(maybe(part), listenerNeeds.length),
    tcpCluster: fc.nat({ max: 3 }),
    hosts: listOf(listOf(maybe(host), domains.length), 4),
  });
}

/** The records of a world: what its listeners reach, and nothing else. */
export function recordsOf(world: World): Map<string, ResourceRecord> {
  const records = new Map<string, ResourceRecord>();
  const add = (kind: ResourceKind, name: string, part: Part, needs: readonly ResourceId[]): void => {
    records.set(`${kind} ${name}`, modelRecord(kind, name, { ...part, needs }));
    for (const need of needs) addNeed(need);
  };
  const addNeed = ({ kind, name }: ResourceId): void => {
    const index = Number(name.slice(1));
    if (kind === "cluster") add(kind, name, partOf(world.clusters, index), needsOfCluster(index));
    else if (kind === "endpoints") add(kind, name, partOf(world.endpoints, index), []);
    else if (kind === "secret") add(kind, name, partOf(world.secrets, index), []);
    else if (kind === "routeScope") add(kind, name, { revision: 0, isBad: false }, []);
    else if (!records.has(`${kind} ${name}`)) addTable(name, world.hosts[index] ?? []);
  };
  const addTable = (name: string, hosts: readonly (HostPart | undefined)[]): void => {
    add("routeTable", name, { revision: 0, isBad: false }, []);
    add("virtualHost", `${name}/*`, { revision: 0, isBad: false }, []);
    for (const [index, host] of hosts.entries()) {
      const needs = (host?.clusters ?? []).map((cluster): ResourceId => ({ kind: "cluster", name: `c${cluster}` }));
      if (host) add("virtualHost", `${name}/${domains[index]}`, host, needs);
    }
  };
  for (const [index, listener] of world.listeners.entries()) {
    const more = index === 3 ? needsOfTcpListener(world.tcpCluster) : [];
    if (listener) add("listener", `l${index}`, listener, [...(listenerNeeds[index] ?? []), ...more]);
  }
  return records;
}

/** With some clusters the listener also has a chain for HTTP, so that it warms. */
function needsOfTcpListener(tcpCluster: number): ResourceId[] {
  const cluster: ResourceId = { kind: "cluster", name: `c${tcpCluster}` };
  return tcpCluster % 2 === 0 ? [cluster] : [cluster, { kind: "routeTable", name: "t1" }];
}

function needsOfCluster(index: number): ResourceId[] {
  const endpoints: ResourceId = { kind: "endpoints", name: `e${endpointsOfCluster[index]}` };
  return index === 3 ? [endpoints, { kind: "secret", name: "s0" }] : [endpoints];
}

function partOf(parts: readonly Part[], index: number): Part {
  return parts[index] ?? { revision: 0, isBad: false };
}

/** The step from one set of records to another. */
export function stepBetween(
  before: ReadonlyMap<string, ResourceRecord>,
  after: ReadonlyMap<string, ResourceRecord>,
): ResourceBatch {
  const removals = [...before].filter(([key]) => !after.has(key)).map(([, { kind, name }]) => ({ kind, name }));
  return { upserts: [...after.values()], removals };
}

/** Names and versions of one kind, in the order of names. */
export function versionsOf(records: ReadonlyMap<string, ResourceRecord>, kind: ResourceKind): [string, string][] {
  return [...records.values()]
    .filter((record) => record.kind === kind)
    .map(({ name, version }): [string, string] => [name, version])
    .sort(byName);
}

/** The order of lists of tuples that begin with a name. */
export function byName([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]): number {
  return one < other ? -1 : Number(one > other);
}
