/**
 * Route tables, and the hosts that they have because of listeners: a listener's own hostname, where nothing but its own
 * routes answers, and on an HTTPS listener those of the others on the port, whose requests are on the wrong connection.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listener (hostname)
 */
import type { Collection, Graph } from "../../collections/index.ts";
import { type RouteTable, virtualHostKey } from "../../model/index.ts";
import type { Listener } from "../listener.ts";
import type { ListenerHost } from "../virtual-hosts/derive-virtual-hosts.ts";

export function deriveListenerHosts(graph: Graph, listeners: Collection<Listener>): Collection<ListenerHost> {
  return graph.derive({
    name: "translate/ListenerHosts",
    key: (host: ListenerHost) => host.key,
    from: listeners,
    map: ({ serving, table, proxy, port, hostname, misdirected }) => {
      if (!serving || table === undefined) return [];
      const hostOf = (domain: string, purpose: ListenerHost["purpose"]): ListenerHost => ({
        key: virtualHostKey(table, domain),
        table,
        proxy,
        port,
        domain,
        purpose,
      });
      return [hostOf(hostname, "serve"), ...misdirected.map((domain) => hostOf(domain, "misdirected"))];
    },
  });
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
        .flatMap(({ table, proxy, port }) => (table === undefined ? [] : [{ key: table, proxy, port }])),
  });
}
