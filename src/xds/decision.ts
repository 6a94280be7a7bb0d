/**
 * What should happen to one resource in one proxy, now: the heart of make-before-break. Reads the state, changes nothing.
 *
 * - Not asked for: nothing, except that hosts of a table which the proxy dropped are taken from its list.
 * - Wanted: sent, when the version differs and what it needs is ready, or was waited for long enough.
 * - Not wanted: listeners go, those that a cluster leads to after it; virtual hosts go once no waiting host would answer for
 *   them wrongly; clusters go once no version that the proxy may be using refers to them; route scopes when listeners that needed
 *   them have drained. Endpoints, secrets and route tables
 *   that the proxy has are never removed: it drops them itself when their last user (maybe a listener that still drains) is
 *   gone. Neither are hosts of an unwanted table, for the same reason.
 * - Not wanted any more before the proxy had it, though a cluster that was sent waits for it: the proxy is told that there is
 *   nothing, or again what it had before, since it takes no other cluster while one waits.
 */
import { domainOf, routeTableOf } from "./resource.ts";
import type { ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";
import { isSubscribed } from "./proxy-state.ts";
import type { Blocked, KindState, ProxyState } from "./proxy-state.ts";
import { hasTableOf, unreadyNeeds, wireVersionOf } from "./readiness.ts";

export type Decision =
  | { readonly kind: "nothing" }
  | { readonly kind: "upsert"; readonly record: ResourceRecord; readonly overdue?: Blocked }
  | { readonly kind: "remove" }
  /** Cannot go out yet; looked at again when something got ready, or the bound passes. */
  | { readonly kind: "blocked"; readonly blocked: Blocked }
  /** A cluster to be removed that is in use; looked at again when its last user is gone. */
  | { readonly kind: "doomed" };

export interface Clock {
  readonly now: number;
  readonly holdMs: number;
  /** How long a listener may go on for its open connections after it was removed or replaced. */
  readonly drainMs: number;
}

const nothing: Decision = { kind: "nothing" };
const remove: Decision = { kind: "remove" };

export function decide(proxy: ProxyState, kind: ResourceKind, name: string, clock: Clock): Decision {
  const wanted = proxy.resources.get(kind, name);
  if (kind === "virtualHost" && !isSubscribed(proxy, kind, name)) return decideDroppedHost(proxy, name, clock);
  if (!isSubscribed(proxy, kind, name)) return nothing;
  if (kind === "virtualHost" && !hasTableOf(proxy, name)) return nothing;
  return wanted && !isGivenUp(proxy, wanted)
    ? decideUpsert(proxy, wanted, clock)
    : decideRemoval(proxy, kind, name, clock);
}

/** Endpoints that the proxy refused, and never had before: as good as none, for a cluster that waits for them. */
export function isGivenUp(proxy: ProxyState, { kind, name, version }: ResourceRecord): boolean {
  const entry = kind === "endpoints" ? proxy.kinds[kind].entries.get(name) : undefined;
  return entry?.refused === version && !entry.acked && !entry.sent;
}

function decideUpsert(proxy: ProxyState, wanted: ResourceRecord, clock: Clock): Decision {
  const state = proxy.kinds[wanted.kind];
  const entry = state.entries.get(wanted.name);
  // The last good version goes again when it is in doubt: endpoints after their cluster, what a refused response may have changed.
  const record = entry?.refused === wanted.version ? entry.acked?.record : wanted;
  if (!record) return nothing;
  if (entry?.acked?.wire === wireVersionOf(proxy, record) && !entry.doubtful) return nothing;
  const because = unreadyNeeds(proxy, record);
  if (because.length === 0) return { kind: "upsert", record };
  const blocked = { since: state.blocked.get(wanted.name)?.since ?? clock.now, because };
  return isOverdue(blocked, clock) ? { kind: "upsert", record, overdue: blocked } : { kind: "blocked", blocked };
}

function decideRemoval(proxy: ProxyState, kind: ResourceKind, name: string, clock: Clock): Decision {
  if (kind === "endpoints" || kind === "secret") return decideAbsence(proxy, kind, name);
  if (!proxy.kinds[kind].entries.has(name) && !proxy.staleHosts.has(name)) return nothing;
  if (kind === "routeScope") return decideScopeRemoval(proxy, name, clock);
  if (kind === "listener") return decideListenerRemoval(proxy, name, clock);
  if (kind === "cluster") return decideClusterRemoval(proxy, name, clock);
  return kind === "virtualHost" ? decideHostRemoval(proxy, name, clock) : nothing;
}

function decideAbsence(proxy: ProxyState, kind: "endpoints" | "secret", name: string): Decision {
  const { entries, absent } = proxy.kinds[kind];
  const { acked, sent } = entries.get(name) ?? {};
  if (sent || (acked && !(kind === "endpoints" && isAwaitedAgain(proxy, name)))) return nothing;
  if (acked?.record) return { kind: "upsert", record: acked.record };
  return absent.has(name) ? nothing : remove;
}

/** Whether it is to be sent although it is not wanted: what a cluster that was changed waits for once more. */
export function isOwed(proxy: ProxyState, kind: ResourceKind, name: string): boolean {
  if (kind !== "endpoints" || !isSubscribed(proxy, kind, name)) return false;
  return proxy.kinds.endpoints.entries.get(name)?.acked?.record !== undefined && isAwaitedAgain(proxy, name);
}

const isAwaitedAgain = (proxy: ProxyState, endpoints: string): boolean =>
  proxy.kinds.endpoints.entries.get(endpoints)?.acked?.wire === "" && isAwaited(proxy, endpoints);

function isAwaited({ kinds: { cluster } }: ProxyState, endpoints: string): boolean {
  const going = cluster.inFlight?.removals ?? [];
  return [...cluster.entries].some(
    ([name, { sent, acked }]) =>
      !going.includes(name) &&
      (sent ?? acked)?.record?.needs.some((need) => need.kind === "endpoints" && need.name === endpoints),
  );
}

/** Requests on connections of a listener that drains are still looked up in its scopes. */
function decideScopeRemoval(proxy: ProxyState, name: string, clock: Clock): Decision {
  const since = proxy.kinds.routeScope.blocked.get(name)?.since ?? clock.now;
  const blocked: Blocked = { since, because: [], forMs: clock.drainMs };
  return isOverdue(blocked, clock) ? remove : { kind: "blocked", blocked };
}

/** What leads to the listener is changed or removed before it. */
function decideListenerRemoval(proxy: ProxyState, name: string, clock: Clock): Decision {
  const { blocked } = proxy.kinds.listener;
  const users = clustersLeadingTo(proxy, name);
  return users.length === 0 ? remove : (blockUntil(blocked.get(name)?.since ?? clock.now, users, clock) ?? remove);
}

function clustersLeadingTo({ kinds: { cluster } }: ProxyState, listener: string): readonly ResourceId[] {
  return [...cluster.entries].flatMap(([name, { acked, sent, doubtful = [] }]): ResourceId[] =>
    [acked, sent, ...doubtful].some((holding) =>
      holding?.record?.needs.some((need) => need.kind === "listener" && need.name === listener),
    )
      ? [{ kind: "cluster", name }]
      : [],
  );
}

function decideClusterRemoval(proxy: ProxyState, name: string, clock: Clock): Decision {
  const unknown = unknownUsers(proxy);
  const blocked = unknown.length > 0 ? blockUntil(proxy.openedAt, unknown, clock) : undefined;
  if (blocked) return blocked;
  return proxy.clusterUse.has(name) ? { kind: "doomed" } : remove;
}

function decideHostRemoval(proxy: ProxyState, name: string, clock: Clock): Decision {
  const { blocked } = proxy.kinds.virtualHost;
  if (!proxy.resources.get("routeTable", routeTableOf(name))) return nothing;
  const heirs = waitingHeirs(proxy.kinds.virtualHost, name);
  if (heirs.length === 0) return remove;
  return blockUntil(blocked.get(name)?.since ?? clock.now, heirs, clock) ?? remove;
}

/** A proxy that reconnects says kind by kind what it has; before it has said all, its clusters count as used. */
function unknownUsers(proxy: ProxyState): readonly ResourceId[] {
  if (!proxy.resumed) return [];
  return (["listener", "routeTable", "virtualHost"] as const)
    .filter((kind) => !proxy.kinds[kind].opened)
    .map((kind) => ({ kind, name: "*" }));
}

/** The proxy's list of hosts also has those of tables that it dropped; they would be taken for held when the table comes back. */
function decideDroppedHost(proxy: ProxyState, name: string, clock: Clock): Decision {
  if (!proxy.kinds.virtualHost.entries.has(name) && !proxy.staleHosts.has(name)) return nothing;
  if (proxy.kinds.routeTable.opened) return remove;
  const table: ResourceId = { kind: "routeTable", name: routeTableOf(name) };
  return blockUntil(proxy.openedAt, [table], clock) ?? remove;
}

/** Waiting hosts whose domain covers that of a host to be removed: until they are out, their old versions would answer for it. */
function waitingHeirs(state: KindState, name: string): readonly ResourceId[] {
  const heirs: ResourceId[] = [];
  for (const other of state.blocked.keys()) {
    if (other !== name && routeTableOf(other) === routeTableOf(name) && covers(domainOf(other), domainOf(name)))
      heirs.push({ kind: "virtualHost", name: other });
  }
  return heirs;
}

function covers(pattern: string, domain: string): boolean {
  return pattern.startsWith("*") && domain.endsWith(pattern.slice(1));
}

function blockUntil(since: number, because: readonly ResourceId[], clock: Clock): Decision | undefined {
  const blocked = { since, because };
  return isOverdue(blocked, clock) ? undefined : { kind: "blocked", blocked };
}

function isOverdue(blocked: Blocked, clock: Clock): boolean {
  return clock.now - blocked.since >= (blocked.forMs ?? clock.holdMs);
}
