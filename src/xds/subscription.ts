/**
 * What the proxy asks for. The first request of a kind on a stream says what the proxy still has from an earlier one; a name
 * that is asked for later is sent whatever is believed about it, since the proxy may have dropped and regained it.
 *
 * Virtual hosts are not asked for by name. Envoy's first request of their kind is a wildcard, and no other follows, neither
 * for a second route table nor for one that came back: what it wants are all the hosts of the tables that it asked for.
 */
import type { DeltaDiscoveryRequest } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Fact } from "./fact.ts";
import { acknowledge, entryOf, forget, retain } from "./proxy-state.ts";
import type { Holding, ProxyState } from "./proxy-state.ts";
import { routeTableOf } from "./resource.ts";
import type { ResourceKind, ResourceRecord } from "./resource.ts";

const WILDCARD = "*";

/** Takes the subscribing part of a request. */
export function subscribe(proxy: ProxyState, kind: ResourceKind, request: DeltaDiscoveryRequest, facts: Fact[]): void {
  const state = proxy.kinds[kind];
  const isFirst = !state.opened;
  const reported = isFirst ? request.initialResourceVersions : {};
  if (isFirst) {
    state.opened = true;
    state.wildcard = request.resourceNamesSubscribe.length === 0;
    state.owesAnswer = (kind === "cluster" || kind === "listener") && Object.keys(reported).length === 0;
    for (const name of proxy.resources.namesOf(kind)) state.dirty.add(name);
    for (const [name, version] of Object.entries(reported)) resume(proxy, kind, name, version, facts);
    inheritDoubts(proxy, kind);
  }
  if (kind === "virtualHost") return;
  for (const name of request.resourceNamesUnsubscribe) unsubscribe(proxy, kind, name, facts);
  for (const name of request.resourceNamesSubscribe) {
    if (name === WILDCARD) {
      state.wildcard = true;
      continue;
    }
    if (!(name in reported)) {
      drop(proxy, kind, name);
      if (!proxy.resources.get(kind, name)) facts.push({ kind: "unknown", id: { kind, name } });
    }
    state.names.add(name);
    state.dirty.add(name);
  }
}

function unsubscribe(proxy: ProxyState, kind: ResourceKind, name: string, facts: Fact[]): void {
  const state = proxy.kinds[kind];
  if (name === WILDCARD) state.wildcard = false;
  state.names.delete(name);
  const gone = name === WILDCARD ? [...state.entries.keys()].filter((known) => !state.names.has(known)) : [name];
  for (const known of gone) {
    if (state.entries.get(known)?.acked) facts.push({ kind: "removed", id: { kind, name: known } });
    drop(proxy, kind, known);
  }
}

function drop(proxy: ProxyState, kind: ResourceKind, name: string): void {
  forget(proxy, kind, name);
  proxy.kinds[kind].absent.delete(name);
  if (kind === "routeTable") dropHostsOf(proxy, name);
}

/** Notes a resource that the proxy has from an earlier stream. */
function resume(proxy: ProxyState, kind: ResourceKind, name: string, version: string, facts: Fact[]): void {
  proxy.resumed = true;
  const wanted = proxy.resources.get(kind, name);
  const record = wanted && isVersionOf(wanted, version) ? wanted : undefined;
  const isExpired = (kind === "endpoints" || kind === "routeScope") && proxy.expiredBeforeOpened[kind].has(name);
  const holding: Holding = { record, wire: isExpired ? "" : version };
  retain(proxy, kind, holding);
  acknowledge(proxy, kind, name, holding);
  proxy.kinds[kind].dirty.add(name);
  if (kind === "routeTable") markTable(proxy, name);
  if (!record) return;
  facts.push({ kind: "acknowledged", id: { kind, name }, version: record.version });
  if (record.awaits === "warm") facts.push({ kind: "warming", id: { kind, name }, version: record.version });
}

/** Whatever the proxy said of what an earlier session doubted, it is sent, or removed, once more. */
function inheritDoubts(proxy: ProxyState, kind: ResourceKind): void {
  const doubts = proxy.doubts[kind];
  for (const name of doubts) {
    const holding: Holding = { record: undefined, wire: "" };
    retain(proxy, kind, holding);
    entryOf(proxy.kinds[kind], name).doubtful = [holding];
    proxy.kinds[kind].dirty.add(name);
  }
  doubts.clear();
}

function isVersionOf(record: ResourceRecord, wire: string): boolean {
  return record.kind === "endpoints" ? wire.startsWith(`${record.version}@`) : wire === record.version;
}

/** All hosts of a table are to be looked at: those that the proxy has, and those that it should have. */
export function markTable(proxy: ProxyState, table: string): void {
  const { dirty } = proxy.kinds.virtualHost;
  for (const name of proxy.resources.hostsOf(table)) dirty.add(name);
  for (const name of entriesOfTable(proxy, table)) dirty.add(name);
  for (const name of proxy.staleHosts) if (routeTableOf(name) === table) dirty.add(name);
}

/** With its table, the proxy dropped the hosts, though it still lists them. */
export function dropHostsOf(proxy: ProxyState, table: string): void {
  const { dirty } = proxy.kinds.virtualHost;
  for (const name of entriesOfTable(proxy, table)) {
    forget(proxy, "virtualHost", name);
    proxy.staleHosts.add(name);
    dirty.add(name);
  }
}

/** The hosts of a table that the proxy has, or may have: on their way, or in doubt. */
function entriesOfTable(proxy: ProxyState, table: string): readonly string[] {
  return [...proxy.kinds.virtualHost.entries.keys()].filter((name) => routeTableOf(name) === table);
}
