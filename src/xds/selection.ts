/**
 * Chooses the next response of one kind: looks at every name that may differ, and sorts it into what goes out, what waits
 * and what is settled. At most one response of a kind is under way; what changes meanwhile is looked at after its answer.
 */
import { capacityOf, messageBytesOf, removalBytesOf, takeFitting } from "./batching.ts";
import { decide } from "./decision.ts";
import type { Clock } from "./decision.ts";
import type { Fact } from "./fact.ts";
import { nextSuspects } from "./isolation.ts";
import { entryOf, recognize } from "./proxy-state.ts";
import type { Blocked, KindState, ProxyState } from "./proxy-state.ts";
import { wireVersionOf } from "./readiness.ts";
import { routeTableOf } from "./resource.ts";
import type { ResourceRecord } from "./resource.ts";

export interface Limits extends Clock {
  readonly maxMessageBytes: number;
}

export interface Selection {
  readonly upserts: readonly ResourceRecord[];
  readonly removals: readonly string[];
}

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
  return cut(proxy, state, { upserts, removals }, limits);
}

function selectUpserts(proxy: ProxyState, state: KindState, limits: Limits, facts: Fact[]): readonly ResourceRecord[] {
  const upserts: Upsert[] = [];
  for (const name of state.dirty) {
    if (!proxy.resources.get(state.kind, name)) continue;
    recognize(proxy, state.kind, name);
    const decision = decide(proxy, state.kind, name, limits);
    state.dirty.delete(name);
    if (decision.kind === "blocked") state.blocked.set(name, decision.blocked);
    else if (decision.kind === "upsert" && fits(proxy, state, decision.record, limits, facts))
      upserts.push({ record: decision.record, overdue: decision.overdue });
    else state.blocked.delete(name);
  }
  const going = state.kind === "virtualHost" ? holdFreshTables(proxy, state, upserts, limits) : upserts;
  for (const { record, overdue } of going) {
    state.blocked.delete(record.name);
    if (overdue) facts.push({ kind: "held", id: idOf(record), version: record.version, ...overdue });
  }
  return going.map(({ record }) => record);
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
    if (proxy.resources.get(state.kind, name)) continue;
    state.dirty.delete(name);
    const decision = decide(proxy, state.kind, name, clock);
    if (decision.kind === "blocked") state.blocked.set(name, decision.blocked);
    else state.blocked.delete(name);
    if (decision.kind === "remove") removals.push(name);
    else if (decision.kind === "doomed") proxy.doomed.add(name);
  }
  return removals;
}

/** Cuts to the size of a message; the rest stays to be looked at. Listeners' removals go in front, hosts' at the end. */
function cut(proxy: ProxyState, state: KindState, selection: Selection, limits: Limits): Selection {
  const capacity = capacityOf(limits.maxMessageBytes);
  const sizeOf = (record: ResourceRecord): number => messageBytesOf(record, wireVersionOf(proxy, record));
  let upserts: readonly ResourceRecord[];
  let removals: readonly string[];
  if (state.kind === "listener") {
    removals = takeFitting(selection.removals, removalBytesOf, capacity);
    upserts = takeFitting(selection.upserts, sizeOf, capacity - sum(removals.map(removalBytesOf)));
    if (removals.length < selection.removals.length) upserts = [];
  } else {
    upserts = takeFitting(selection.upserts, sizeOf, capacity);
    removals = takeFitting(selection.removals, removalBytesOf, capacity - sum(upserts.map(sizeOf)));
    if (upserts.length < selection.upserts.length) removals = [];
  }
  for (const { name } of selection.upserts.slice(upserts.length)) state.dirty.add(name);
  for (const name of selection.removals.slice(removals.length)) state.dirty.add(name);
  return { upserts, removals };
}

function idOf({ kind, name }: ResourceRecord): { readonly kind: ResourceRecord["kind"]; readonly name: string } {
  return { kind, name };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
