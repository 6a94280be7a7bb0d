/**
 * What a session knows of its proxy: for every kind, what is subscribed, what the proxy has, what is on its way, and which
 * names have yet to be looked at. Data and the small steps that keep it consistent; the rules are in the other files.
 */
import { ClusterUse } from "./cluster-use.ts";
import { forEachKind, routeTableOf } from "./resource.ts";
import type { ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";
import type { WantedResources } from "./placed-resources.ts";

/** A version that the proxy has, or that was sent to it. */
export interface Holding {
  /** Undefined when only the version is known: a reconnecting proxy reported it, and it is not the wanted one. */
  readonly record: ResourceRecord | undefined;
  /** The version on the wire; empty for endpoints, or scopes, whose cluster or listener was sent after them, so they have to go again. */
  wire: string;
}

/** One resource in a proxy. An entry without `acked` and `sent` is only remembered for what was refused. */
export interface Entry {
  acked?: Holding;
  sent?: Holding;
  /** The version that was refused, and is therefore not sent again. */
  refused?: string;
  /** Versions of refused responses, maybe taken or removed all the same: until an answer settles it, `acked` is not sure. */
  doubtful?: Holding[];
  /** Of listeners: versions that may still serve, since the acknowledged one is not yet live. */
  retiring?: Holding[];
}

export interface Blocked {
  readonly since: number;
  readonly because: readonly ResourceId[];
  /** How long at most, where that is not the bound for all. In milliseconds. */
  readonly forMs?: number;
}

export interface SentItem {
  readonly record: ResourceRecord;
  readonly holding: Holding;
}

/** The one response of a kind that awaits its answer. */
export interface InFlight {
  readonly nonce: string;
  readonly items: readonly SentItem[];
  readonly removals: readonly string[];
}

export interface KindState {
  readonly kind: ResourceKind;
  /** Whether the first request of this kind has come. */
  opened: boolean;
  /** Whether the proxy wants all there are; only clusters, route scopes and listeners heed it. */
  wildcard: boolean;
  /** Whether the proxy waits for a first answer, even an empty one. */
  owesAnswer: boolean;
  readonly names: Set<string>;
  readonly entries: Map<string, Entry>;
  /** Names that were asked for and do not exist, which the proxy was told. */
  readonly absent: Set<string>;
  /** Names whose wanted and held versions may differ. */
  readonly dirty: Set<string>;
  /** Names that differ, but wait for what they need. */
  readonly blocked: Map<string, Blocked>;
  inFlight: InFlight | undefined;
  /** Groups of a refused response, to be tried one by one. */
  suspects: ResourceRecord[][];
}

export interface ProxyState {
  readonly resources: WantedResources;
  readonly kinds: Readonly<Record<ResourceKind, KindState>>;
  /** Which clusters the versions that the proxy may be using refer to. */
  readonly clusterUse: ClusterUse;
  /** Acknowledged virtual hosts by route table. */
  readonly hostsByTable: Map<string, Set<string>>;
  /** Virtual hosts that the proxy lists but does not use, since it dropped their route table. */
  readonly staleHosts: Set<string>;
  /** Endpoints and route scopes whose cluster or listener was sent before the proxy said which of them it still has. */
  readonly expiredBeforeOpened: Readonly<Record<"endpoints" | "routeScope", Set<string>>>;
  /** Listeners with versions in `retiring`. */
  readonly retiringListeners: Set<string>;
  /** Unwanted clusters that are still in use. */
  readonly doomed: Set<string>;
  /** The versions of clusters that are warm, of those that say so. */
  readonly warm: Map<string, string>;
  /** What an earlier session left in doubt, of kinds that the proxy has not opened yet. */
  readonly doubts: Readonly<Record<ResourceKind, Set<string>>>;
  readonly openedAt: number;
  /** Whether the proxy reported resources from an earlier stream. */
  resumed: boolean;
}

export function createProxyState(
  resources: WantedResources,
  openedAt: number,
  doubts: readonly ResourceId[],
): ProxyState {
  const doubtsByKind = forEachKind(() => new Set<string>());
  for (const { kind, name } of doubts) doubtsByKind[kind].add(name);
  return {
    doubts: doubtsByKind,
    resources,
    kinds: forEachKind((kind) => ({
      kind,
      opened: false,
      wildcard: false,
      owesAnswer: false,
      names: new Set<string>(),
      entries: new Map<string, Entry>(),
      absent: new Set<string>(),
      dirty: new Set<string>(),
      blocked: new Map<string, Blocked>(),
      inFlight: undefined,
      suspects: [],
    })),
    clusterUse: new ClusterUse(),
    hostsByTable: new Map(),
    staleHosts: new Set(),
    expiredBeforeOpened: { endpoints: new Set(), routeScope: new Set() },
    retiringListeners: new Set(),
    doomed: new Set(),
    warm: new Map(),
    openedAt,
    resumed: false,
  };
}

export function entryOf(state: KindState, name: string): Entry {
  const known = state.entries.get(name);
  if (known) return known;
  const entry: Entry = {};
  state.entries.set(name, entry);
  return entry;
}

/** Whether the proxy asked for this resource. Virtual hosts are never asked for by name: their table is. */
export function isSubscribed(proxy: ProxyState, kind: ResourceKind, name: string): boolean {
  if (kind === "virtualHost") return isSubscribed(proxy, "routeTable", routeTableOf(name));
  const state = proxy.kinds[kind];
  if (kind === "cluster" || kind === "routeScope" || kind === "listener")
    return state.wildcard || state.names.has(name);
  return state.names.has(name);
}

/** The proxy now has the holding: what it had before is no longer in use (a listener's, once the new one is live). */
export function acknowledge(proxy: ProxyState, kind: ResourceKind, name: string, holding: Holding): void {
  const entry = entryOf(proxy.kinds[kind], name);
  const old = entry.acked;
  if (old && kind === "listener") {
    (entry.retiring ??= []).push(old);
    proxy.retiringListeners.add(name);
  } else if (old) release(proxy, kind, old);
  entry.acked = holding;
  delete entry.sent;
  releaseDoubtful(proxy, kind, entry);
  // The last good version of refused endpoints may be sent again; that does not make the refused one better.
  if (entry.refused !== proxy.resources.get(kind, name)?.version) delete entry.refused;
  if (kind !== "virtualHost") return;
  const table = routeTableOf(name);
  const hosts = proxy.hostsByTable.get(table);
  if (hosts) hosts.add(name);
  else proxy.hostsByTable.set(table, new Set([name]));
}

/** A version that was only known by name is wanted again, so its content is known after all. */
export function recognize(proxy: ProxyState, kind: ResourceKind, name: string): void {
  const entry = proxy.kinds[kind].entries.get(name);
  const wanted = proxy.resources.get(kind, name);
  if (!entry?.acked || entry.acked.record || !wanted || wanted.version !== entry.acked.wire) return;
  const unknown = entry.acked;
  entry.acked = { record: wanted, wire: unknown.wire };
  retain(proxy, kind, entry.acked);
  release(proxy, kind, unknown);
}

/** What was in doubt is not in the proxy: all of it, or only what was of this version. */
export function releaseDoubtful(proxy: ProxyState, kind: ResourceKind, entry: Entry, version?: string): void {
  const isGone = ({ record }: Holding): boolean => version === undefined || record?.version === version;
  const remaining: Holding[] = [];
  for (const holding of entry.doubtful ?? []) {
    if (isGone(holding)) release(proxy, kind, holding);
    else remaining.push(holding);
  }
  if (remaining.length > 0) entry.doubtful = remaining;
  else delete entry.doubtful;
}

/** The proxy has the resource no more, in no version. */
export function forget(proxy: ProxyState, kind: ResourceKind, name: string): void {
  const { entries } = proxy.kinds[kind];
  const entry = entries.get(name);
  if (!entry) return;
  entries.delete(name);
  for (const holding of [entry.acked, entry.sent, ...(entry.doubtful ?? []), ...(entry.retiring ?? [])]) {
    if (holding) release(proxy, kind, holding);
  }
  if (kind === "cluster") proxy.warm.delete(name);
  if (kind === "virtualHost") forgetHostOfTable(proxy, name);
}

function forgetHostOfTable(proxy: ProxyState, name: string): void {
  const table = routeTableOf(name);
  const hosts = proxy.hostsByTable.get(table);
  hosts?.delete(name);
  if (hosts?.size === 0) proxy.hostsByTable.delete(table);
}

/** Counts the clusters of a version that the proxy has or is about to have. */
export function retain(proxy: ProxyState, kind: ResourceKind, holding: Holding): void {
  if (mayUseClusters(kind, holding)) proxy.clusterUse.retain(holding.record);
}

/** Gives up a counted version; unwanted clusters that only it used may go. */
export function release(proxy: ProxyState, kind: ResourceKind, holding: Holding): void {
  if (!mayUseClusters(kind, holding)) return;
  const freed = proxy.clusterUse.release(holding.record);
  for (const name of freed === "any" ? proxy.doomed : freed) {
    if (proxy.doomed.delete(name)) proxy.kinds.cluster.dirty.add(name);
  }
}

/** Of an unknown version, only listeners and virtual hosts are suspected: a cluster would suspect itself. */
function mayUseClusters(kind: ResourceKind, holding: Holding): boolean {
  return kind === "listener" || kind === "virtualHost" || holding.record !== undefined;
}
