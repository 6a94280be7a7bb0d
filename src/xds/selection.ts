/**
 * Chooses the next response of one kind: looks at every name that may differ, and sorts it into what goes out, what waits
 * and what is settled. At most one response of a kind is under way; what changes meanwhile is looked at after its answer.
 */
import { capacityOf, messageBytesOf, removalBytesOf, takeFitting } from "./batching.ts";
import { decide, isGivenUp, isOwed } from "./decision.ts";
import type { Clock } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { nextSuspects } from "./isolation.ts";
import { entryOf, isSubscribed, recognize } from "./proxy-state.ts";
import type { Blocked, KindState, ProxyState } from "./proxy-state.ts";
import { followsScopes, hasScopes, wireVersionOf } from "./readiness.ts";
import { routeTableOf } from "./resource.ts";
import type { ResourceRecord } from "./resource.ts";

export interface Limits extends Clock {
  readonly maxMessageBytes: number;
}

/**
 * Either additions or removals. One response with both might be refused and have its removals taken all the same, and
 * Envoy's list of what it has, which it shows when it reconnects, would be wrong for good.
 */
export type Selection =
  | { readonly upserts: readonly ResourceRecord[]; readonly removals: readonly [] }
  | { readonly upserts: readonly []; readonly removals: readonly string[] };

/**
 * Envoy notes a secret before it tries it: one that it refused and is sent again, as the search for a culprit does, is
 * taken for the one it has, and acknowledged. So each goes alone, and a refusal names its secret at once.
 */
const MAX_SECRETS_IN_MESSAGE = 1;

const nothing: Selection = { upserts: [], removals: [] };

interface Upsert {
  readonly record: ResourceRecord;
  readonly overdue: Blocked | undefined;
}

/** The next response of the kind; empty when there is nothing to say, or the last one has not been answered. */
export function select(proxy: ProxyState, state: KindState, limits: Limits, facts: Fact[]): Selection {
  if (!state.opened || state.inFlight) return nothing;
  // The versions of a resumed proxy's endpoints are judged by those of its clusters, so these must be known first.
  if (state.kind === "endpoints" && proxy.resumed && !proxy.kinds.cluster.opened) return nothing;
  const suspects = nextSuspects(proxy, state, limits);
  if (suspects.length > 0) return { upserts: suspects, removals: [] };
  const upserts = selectUpserts(proxy, state, limits, facts);
  const removals = selectRemovals(proxy, state, limits, upserts.length > 0);
  // A listener's heirs need its address; a host's or cluster's heirs must be there before it goes.
  if (removals.length > 0 && (upserts.length === 0 || state.kind === "listener")) {
    for (const { name } of upserts) state.dirty.add(name);
    return { upserts: [], removals: fitting(state, removals, String, removalBytesOf, limits) };
  }
  for (const name of removals) state.dirty.add(name);
  const sizeOf = (record: ResourceRecord): number => messageBytesOf(record, wireVersionOf(proxy, record));
  return { upserts: fitting(state, upserts, ({ name }) => name, sizeOf, limits), removals: [] };
}

function selectUpserts(proxy: ProxyState, state: KindState, limits: Limits, facts: Fact[]): readonly ResourceRecord[] {
  const upserts: Upsert[] = [];
  for (const name of state.dirty) {
    if (!isWanted(proxy, state, name)) continue;
    recognize(proxy, state.kind, name);
    const decision = decide(proxy, state.kind, name, limits);
    state.dirty.delete(name);
    if (decision.kind === "blocked") state.blocked.set(name, decision.blocked);
    else if (decision.kind === "upsert" && fits(proxy, state, decision.record, limits, facts))
      upserts.push({ record: decision.record, overdue: decision.overdue });
    else state.blocked.delete(name);
  }
  const going = held(proxy, state, upserts, limits);
  for (const { record, overdue } of going) {
    state.blocked.delete(record.name);
    if (overdue) facts.push({ kind: "held", id: idOf(record), version: record.version, ...overdue });
  }
  return going.map(({ record }) => record);
}

/** Whether the proxy should have the resource: also a wanted host goes when its table was dropped. */
function isWanted(proxy: ProxyState, { kind }: KindState, name: string): boolean {
  const wanted = proxy.resources.get(kind, name);
  return wanted && !isGivenUp(proxy, wanted) ? isSubscribed(proxy, kind, name) : isOwed(proxy, kind, name);
}

/** Refuses a resource that no message can hold. */
function fits(proxy: ProxyState, state: KindState, record: ResourceRecord, limits: Limits, facts: Fact[]): boolean {
  const capacity = capacityOf(limits.maxMessageBytes);
  const bytes = messageBytesOf(record, wireVersionOf(proxy, record));
  if (bytes <= capacity) return true;
  entryOf(state, record.name).refused = record.version;
  const message = `the resource needs ${bytes} bytes of a message, and ${capacity} is the most that is sent to a proxy`;
  facts.push({ kind: "refused", id: idOf(record), version: record.version, message });
  return false;
}

/** Without those that wait for each other. */
function held(proxy: ProxyState, state: KindState, upserts: readonly Upsert[], clock: Clock): readonly Upsert[] {
  if (state.kind === "virtualHost") return holdFreshTables(proxy, state, upserts, clock);
  return state.kind === "listener" ? holdListenersWithScopes(proxy, state, upserts, clock) : upserts;
}

/** Of listeners with scopes, one goes first: the proxy would let the others serve before it has any scope. */
function holdListenersWithScopes(
  proxy: ProxyState,
  state: KindState,
  upserts: readonly Upsert[],
  { now }: Clock,
): readonly Upsert[] {
  if (followsScopes(proxy)) return upserts;
  const others = upserts.filter(({ record, overdue }) => hasScopes(record) && !overdue).slice(1);
  for (const { record } of others) {
    const because = record.needs.filter(({ kind }) => kind === "routeScope");
    state.blocked.set(record.name, { since: state.blocked.get(record.name)?.since ?? now, because });
  }
  return upserts.filter((upsert) => !others.includes(upsert));
}

/** The hosts of a table that has none yet go out together: from the first on, its listeners answer. */
function holdFreshTables(
  proxy: ProxyState,
  state: KindState,
  upserts: readonly Upsert[],
  clock: Clock,
): readonly Upsert[] {
  for (const { record } of upserts) state.blocked.delete(record.name);
  const waiting = new Map<string, Blocked>();
  for (const [name, blocked] of state.blocked) {
    const table = routeTableOf(name);
    if (!proxy.hostsByTable.has(table) && proxy.resources.get("virtualHost", name)) waiting.set(table, blocked);
  }
  for (const { record, overdue } of upserts) {
    if (overdue) waiting.delete(routeTableOf(record.name));
  }
  return upserts.filter(({ record }) => {
    const blocked = waiting.get(routeTableOf(record.name));
    if (blocked) state.blocked.set(record.name, { since: clock.now, because: blocked.because });
    return !blocked;
  });
}

function selectRemovals(proxy: ProxyState, state: KindState, clock: Clock, areUpserts: boolean): readonly string[] {
  // A listener may take over the address of another, so none goes before its heirs can come.
  const heirs = state.kind === "listener" && !areUpserts ? state.blocked.keys() : [];
  if ([...heirs].some((name) => proxy.resources.get("listener", name))) return [];
  const removals: string[] = [];
  for (const name of state.dirty) {
    if (isWanted(proxy, state, name)) continue;
    state.dirty.delete(name);
    const decision = decide(proxy, state.kind, name, clock);
    if (decision.kind === "blocked") state.blocked.set(name, decision.blocked);
    else state.blocked.delete(name);
    if (decision.kind === "remove") removals.push(name);
    else if (decision.kind === "doomed") proxy.doomed.add(name);
  }
  return removals;
}

/** The start of the list that fits into a message; the rest is looked at again after the answer. */
function fitting<Item>(
  state: KindState,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  sizeOf: (item: Item) => number,
  limits: Limits,
): readonly Item[] {
  const most = state.kind === "secret" ? MAX_SECRETS_IN_MESSAGE : items.length;
  const taken = takeFitting(items.slice(0, most), sizeOf, capacityOf(limits.maxMessageBytes));
  for (const item of items.slice(taken.length)) state.dirty.add(nameOf(item));
  return taken;
}

function idOf({ kind, name }: ResourceRecord): { readonly kind: ResourceRecord["kind"]; readonly name: string } {
  return { kind, name };
}
