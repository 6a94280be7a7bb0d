/**
 * Route tables, and the hosts that they have because of listeners. A listener has a host for its own hostname, where nothing
 * but its own routes answers. Narrower listeners of the port have theirs even while they cannot serve, so that nobody
 * answers in their place; on an HTTPS listener, requests for other listeners are on the wrong connection.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listener (hostname)
 */
import type { Collection, Graph } from "../../collections/index.ts";
import { isSpread, partsOf, partsWith, type RouteTable, virtualHostKey } from "../../model/index.ts";
import { ANY_HOSTNAME } from "../hostname.ts";
import type { Listener } from "../listener.ts";
import type { ListenerHost } from "../virtual-hosts/derive-virtual-hosts.ts";

/** One listener's reason for a host. Listeners that share a table can have the same host. */
interface HostReason {
  readonly key: string;
  readonly host: ListenerHost;
}

export function deriveListenerHosts(graph: Graph, listeners: Collection<Listener>): Collection<ListenerHost> {
  const reasons = graph.derive({
    name: "translate/ListenerHostReasons",
    key: ({ key }: HostReason) => key,
    from: listeners,
    map: hostReasonsOf,
  });
  const hosts = graph.groups<HostReason>({
    name: "translate/ListenerHostsByKey",
    of: reasons,
    by: ({ host }) => [host.key],
  });
  return graph.derive({
    name: "translate/ListenerHosts",
    key: (host: ListenerHost) => host.key,
    from: hosts,
    map: ({ members }) => members.slice(0, 1).map(({ host }) => host),
  });
}

function hostReasonsOf({
  key,
  serving,
  table,
  proxy,
  port,
  protocol,
  hostname,
  narrower,
  misdirected,
}: Listener): HostReason[] {
  if (!serving || table === undefined) return [];
  const reasonsOf = (domain: string, purpose: ListenerHost["purpose"]): HostReason[] =>
    partsWith(table, domain).map((part) => {
      const host = { key: virtualHostKey(part, domain), table: part, proxy, port, domain, purpose };
      return { key: `${key}>${host.key}`, host };
    });
  const others =
    protocol === "HTTP"
      ? narrower.flatMap((domain) => reasonsOf(domain, "serve"))
      : misdirected.flatMap((domain) => reasonsOf(domain, "misdirected"));
  // Every part has a host, whatever the names are; that for any name answers 404, as none would.
  const own = [...reasonsOf(hostname, "serve"), ...others];
  const isComplete = !isSpread(table) || own.some(({ host }) => host.domain === ANY_HOSTNAME);
  return isComplete ? own : [...own, ...reasonsOf(ANY_HOSTNAME, "serve")];
}

export function deriveRouteTables(graph: Graph, listeners: Collection<Listener>): Collection<RouteTable> {
  const tables = graph.groups<Listener>({
    name: "translate/ListenersOfTables",
    of: listeners,
    by: ({ serving, table }) => (serving && table !== undefined ? [table] : []),
  });
  return graph.derive({
    name: "translate/RouteTables",
    key: (table: RouteTable) => table.key,
    from: tables,
    map: ({ members }) =>
      members
        .slice(0, 1)
        .flatMap(({ table, proxy, port }) =>
          (table === undefined ? [] : partsOf(table)).map((key) => ({ key, proxy, port })),
        ),
  });
}
