/**
 * When is something ready in a proxy? An acknowledgement says that a message was understood, not that its content serves:
 * an acknowledged cluster still waits for its endpoints and secrets, and does so again each time it changes. So:
 *
 * - a cluster is ready when its wanted version is acknowledged (or its last good one, if the wanted one was refused), its
 *   endpoints were sent after it and acknowledged, its secrets are acknowledged, its member clusters are ready, and it
 *   was reported warm when it awaits that;
 * - a listener that a cluster leads to is ready when it takes traffic;
 * - a route scope that a listener needs is ready when its table has hosts, once the proxy follows scopes: it waits for those of its
 *   first listener with scopes itself, and for no other's;
 * - what else can be needed (secrets, endpoints, route tables) is only asked for by the proxy once it has the resource that
 *   refers to it, so before that it is enough that the server could answer.
 *
 * Nothing here changes anything.
 */
import type { ProxyState } from "./proxy-state.ts";
import { routeTableOf } from "./resource.ts";
import type { ResourceId, ResourceRecord } from "./resource.ts";

function isClusterReady(proxy: ProxyState, name: string, path: readonly string[] = []): boolean {
  const entry = proxy.kinds.cluster.entries.get(name);
  const wanted = proxy.resources.get("cluster", name);
  // Another version is on its way: the proxy may have that already.
  if (!wanted || !entry?.acked || entry.sent || entry.doubtful) return false;
  const { record } = entry.acked;
  if (!record || (record.version !== wanted.version && entry.refused !== wanted.version)) return false;
  if (record.awaits === "warm" && proxy.warm.get(name) !== record.version) return false;
  return record.needs.every((need) => {
    if (need.kind === "cluster") return path.includes(need.name) || isClusterReady(proxy, need.name, [...path, name]);
    const held = proxy.kinds[need.kind].entries.get(need.name)?.acked;
    return held !== undefined && held.wire !== "";
  });
}

/** What a record needs that is not ready; nothing when it may go out. */
export function unreadyNeeds(proxy: ProxyState, record: ResourceRecord): readonly ResourceId[] {
  const awaitsScopes = hasScopes(record) && followsScopes(proxy) && !isInDoubt(proxy, record);
  return record.needs.filter((need) => {
    if (need.kind === "cluster" && record.kind !== "cluster") return !isClusterReady(proxy, need.name);
    if (need.kind === "listener") return !isListenerReady(proxy, need.name);
    if (need.kind === "routeScope" && awaitsScopes) return !isScopeServed(proxy, need.name);
    return proxy.resources.get(need.kind, need.name) === undefined;
  });
}

/** Whether the listener spreads its hosts over several route tables. */
export const hasScopes = ({ needs }: ResourceRecord): boolean => needs.some(({ kind }) => kind === "routeScope");

/**
 * Whether some listener makes the proxy follow scopes; one in a version that nobody knows may, and so may one of a refused response, if scopes
 * were ever asked for. While one drains, tables of scopes are still asked for.
 */
export function followsScopes({ kinds: { listener, routeScope, routeTable } }: ProxyState): boolean {
  const held = [...listener.entries.values()].flatMap(({ acked, sent, doubtful = [] }) => [
    acked,
    sent,
    ...(routeScope.opened ? doubtful : []),
  ]);
  return (
    held.some((holding) => holding && (holding.record === undefined || hasScopes(holding.record))) ||
    [...routeScope.entries.keys()].some((name) => routeTable.names.has(name))
  );
}

/** Whether it comes again after a response that was refused: what the proxy took of that, it does not make anew. */
const isInDoubt = ({ kinds }: ProxyState, { kind, name, version }: ResourceRecord): boolean =>
  kinds[kind].entries.get(name)?.doubtful?.some(({ record }) => record?.version === version) === true;

/** Whether requests that the scope leads to its table are answered there. */
const isScopeServed = ({ kinds: { routeScope, routeTable }, hostsByTable }: ProxyState, name: string): boolean =>
  routeScope.entries.get(name)?.acked !== undefined &&
  routeTable.entries.get(name)?.acked !== undefined &&
  hostsByTable.has(name);

/** Whether a cluster may lead to the listener: some version of it takes traffic, if not the wanted one. */
function isListenerReady(proxy: ProxyState, name: string): boolean {
  const entry = proxy.kinds.listener.entries.get(name);
  return isListenerLive(proxy, name) || (entry?.retiring ?? []).length > 0;
}

/** Whether the acknowledged version of a listener takes the traffic: its secrets and the hosts of its tables have come. */
export function isListenerLive(proxy: ProxyState, name: string): boolean {
  const record = proxy.kinds.listener.entries.get(name)?.acked?.record;
  if (!record) return false;
  return record.needs.every((need) => {
    if (need.kind === "cluster") return true;
    if (need.kind === "routeTable" && !proxy.hostsByTable.has(need.name)) return false;
    return proxy.kinds[need.kind].entries.get(need.name)?.acked !== undefined;
  });
}

/** Whether the proxy has the route table of a virtual host: only then does a pushed host arrive anywhere. */
export function hasTableOf(proxy: ProxyState, virtualHost: string): boolean {
  return proxy.kinds.routeTable.entries.get(routeTableOf(virtualHost))?.acked !== undefined;
}

/**
 * The version under which a record travels. That of endpoints also names the versions of the clusters they are for: so
 * they go again after a changed cluster, and a proxy that reconnects says for which clusters it has them.
 */
export function wireVersionOf(proxy: ProxyState, record: ResourceRecord): string {
  if (record.kind !== "endpoints") return record.version;
  const versions = [...proxy.resources.clustersOf(record.name)].sort().flatMap((cluster) => {
    const entry = proxy.kinds.cluster.entries.get(cluster);
    return (entry?.sent ?? entry?.acked)?.wire ?? [];
  });
  return `${record.version}@${versions.join("@")}`;
}
