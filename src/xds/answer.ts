/** What the proxy answered to a response: all of it is taken, or nothing of it counts and the culprit is to be found. */
import type { DeltaDiscoveryRequest } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Fact } from "./fact.ts";
import { splitSuspects } from "./isolation.ts";
import { acknowledge, entryOf, forget, releaseDoubtful } from "./proxy-state.ts";
import type { Entry, InFlight, ProxyState } from "./proxy-state.ts";
import { wireVersionOf } from "./readiness.ts";
import type { ResourceKind, ResourceRecord } from "./resource.ts";
import { dropHostsOf, markTable } from "./subscription.ts";

/** Takes an ACK or a NACK. An answer to anything but the response under way is none of ours, and ignored. */
export function answer(proxy: ProxyState, kind: ResourceKind, request: DeltaDiscoveryRequest, facts: Fact[]): void {
  const state = proxy.kinds[kind];
  const { inFlight } = state;
  if (inFlight?.nonce !== request.responseNonce) return;
  state.inFlight = undefined;
  // Nothing can be wrong with a removal.
  if (request.errorDetail && inFlight.items.length > 0)
    takeRefusal(proxy, kind, inFlight, request.errorDetail.message, facts);
  else takeAcknowledgement(proxy, kind, inFlight, facts);
}

function takeAcknowledgement(proxy: ProxyState, kind: ResourceKind, inFlight: InFlight, facts: Fact[]): void {
  const { entries, absent, dirty } = proxy.kinds[kind];
  for (const { record, holding } of inFlight.items) {
    const entry = entries.get(record.name);
    // The proxy may have dropped the resource since, or asked for it anew.
    if (entry?.sent !== holding) continue;
    const isNewTable = kind === "routeTable" && !entry.acked;
    acknowledge(proxy, kind, record.name, holding);
    // The last good version of something refused is no news, and does not make the refused one forgotten.
    if (entry.refused === undefined)
      facts.push({ kind: "acknowledged", id: { kind, name: record.name }, version: record.version });
    if (record.awaits === "warm" && proxy.warm.get(record.name) !== record.version)
      facts.push({ kind: "warming", id: { kind, name: record.name }, version: record.version });
    if (isNewTable) dropHostsOf(proxy, record.name);
    if (isNewTable) markTable(proxy, record.name);
  }
  for (const name of inFlight.removals) {
    proxy.staleHosts.delete(name);
    const refused = absent.has(name) ? entries.get(name)?.refused : undefined;
    forget(proxy, kind, name);
    if (refused !== undefined) entryOf(proxy.kinds[kind], name).refused = refused;
    dirty.add(name);
    facts.push({ kind: "removed", id: { kind, name } });
  }
}

function takeRefusal(proxy: ProxyState, kind: ResourceKind, inFlight: InFlight, message: string, facts: Fact[]): void {
  const state = proxy.kinds[kind];
  const refused = inFlight.items.flatMap(({ record, holding }) => {
    const entry = state.entries.get(record.name);
    if (entry?.sent !== holding) return [];
    delete entry.sent;
    (entry.doubtful ??= []).push(holding);
    state.dirty.add(record.name);
    return [{ record, entry }];
  });
  const [first, ...others] = refused;
  if (first && others.length === 0 && inFlight.items.length === 1) {
    takeCulprit(proxy, kind, first, message, facts);
  } else {
    splitSuspects(
      state,
      refused.map(({ record }) => record),
    );
  }
}

/** A response of one resource was refused, so it is this one. */
function takeCulprit(
  proxy: ProxyState,
  kind: ResourceKind,
  { record, entry }: { readonly record: ResourceRecord; readonly entry: Entry },
  message: string,
  facts: Fact[],
): void {
  const { acked } = entry;
  const isOnceGood = acked?.record !== undefined && acked.record.version === record.version;
  if (isOnceGood && entry.refused !== undefined && entry.refused !== record.version) {
    // Neither the wanted version nor the last good one is taken: nothing is left to be sent.
    releaseDoubtful(proxy, kind, entry);
    acked.wire = wireVersionOf(proxy, acked.record);
    return;
  }
  // Envoy keeps a secret that it refused, for whoever refers to it next, until the last good version takes its place again.
  if (kind !== "secret" || acked?.record === undefined) releaseDoubtful(proxy, kind, entry, record.version);
  entry.refused = record.version;
  facts.push({ kind: "refused", id: { kind, name: record.name }, version: record.version, message });
}
