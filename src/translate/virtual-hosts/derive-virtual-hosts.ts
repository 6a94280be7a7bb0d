/**
 * Virtual hosts: every domain of a route table with the entries of all routes attached there, in order of precedence. A
 * listener's own hostname is a host even without routes, which is what makes a listener answer 404 for itself and keeps a
 * wider listener from answering for it.
 *
 * Hosts do not fall through to each other: the most specific domain is the only one asked (docs/decisions/precedence.md).
 */
import type { Collection, Graph, Group, Reader } from "../../collections/index.ts";
import type { HttpEntry, ProxyKey, RouteTableKey, VirtualHost, VirtualHostKey } from "../../model/index.ts";
import { partsWith, virtualHostKey, wholeOf } from "../../model/index.ts";
import type { AttachedHost, Attachment, RouteReference } from "../attachment.ts";
import { guardsOfHost, type TableGuards } from "../listeners/listener-filters.ts";
import type { RouteRules } from "../rules/route-rules.ts";
import { compareRankedEntries, type RankedEntry } from "./precedence.ts";

/** A domain that a table must know because a listener has it as its hostname, or another listener does. */
export interface ListenerHost {
  readonly key: VirtualHostKey;
  readonly table: RouteTableKey;
  readonly proxy: ProxyKey;
  readonly port: number;
  readonly domain: string;
  readonly purpose: VirtualHost["purpose"];
}

/** A reason for a host to exist: a listener's hostname, or a route attached in that domain. */
interface HostClaim {
  readonly key: string;
  readonly host: ListenerHost;
  readonly route?: { readonly reference: RouteReference; readonly rules: string; readonly hostname: string };
}

export interface HostSources {
  readonly attachments: Collection<Attachment>;
  readonly listenerHosts: Collection<ListenerHost>;
  readonly guards: Collection<TableGuards>;
  readonly rules: Collection<RouteRules>;
}

export function deriveVirtualHosts(graph: Graph, sources: HostSources): Collection<VirtualHost> {
  const { attachments, listenerHosts, guards, rules } = sources;
  const ofRoutes = graph.derive({
    name: "translate/RouteHosts",
    key: (claim: HostClaim) => claim.key,
    from: attachments,
    map: (attachment) => (attachment.serving ? attachment.hosts.flatMap((host) => claimOf(attachment, host)) : []),
  });
  const ofListeners = graph.derive({
    name: "translate/HostsOfListeners",
    key: (claim: HostClaim) => claim.key,
    from: listenerHosts,
    map: (host) => [{ key: `listener|${host.key}`, host }],
  });
  const claims = graph.union<HostClaim>({ name: "translate/HostClaims", of: [ofRoutes, ofListeners] });
  const hosts = graph.groups<HostClaim>({ name: "translate/Hosts", of: claims, by: ({ host }) => [host.key] });
  return graph.derive({
    name: "translate/VirtualHosts",
    key: (host: VirtualHost) => host.key,
    from: hosts,
    reads: [rules, guards],
    map: (group, read) => virtualHostsOf(group, sources, read),
  });
}

function claimOf(
  { key, table: whole, proxy, port, route, rules }: Attachment,
  { domain, routeHostname }: AttachedHost,
): HostClaim[] {
  if (whole === undefined) return [];
  return partsWith(whole, domain).map((table) => {
    const host: ListenerHost = { key: virtualHostKey(table, domain), table, proxy, port, domain, purpose: "serve" };
    return { key: `${key}|${host.key}`, host, route: { reference: route, rules, hostname: routeHostname } };
  });
}

function virtualHostsOf({ members }: Group<HostClaim>, { rules, guards }: HostSources, read: Reader): VirtualHost[] {
  const [first] = members;
  if (first === undefined) return [];
  const { host } = first;
  if (members.some(({ host: { purpose } }) => purpose === "misdirected"))
    return [{ ...host, purpose: "misdirected", entries: [] }];
  const guarded = read.pick(guards, wholeOf(host.table), (found) => found && guardsOfHost(host.domain, found)) ?? [];
  return [
    {
      ...host,
      purpose: "serve",
      ...(guarded.length > 0 && { guards: guarded }),
      entries: entriesOf(members, rules, read),
    },
  ];
}

/** A route that meets the host twice, through two of its hostnames or parentRefs, counts once, by its best hostname. */
function entriesOf(claims: readonly HostClaim[], rules: Collection<RouteRules>, read: Reader): HttpEntry[] {
  const ranked = new Map<HttpEntry, RankedEntry>();
  const seen = new Map<string, RankedEntry[]>();
  for (const { route } of claims) {
    if (route === undefined) continue;
    const entries = rankedEntriesOf(route, read.get(rules, route.rules));
    const before = seen.get(route.rules);
    if (before !== undefined && !isBetter(entries, before)) continue;
    for (const old of before ?? []) ranked.delete(old.entry);
    for (const entry of entries) ranked.set(entry.entry, entry);
    seen.set(route.rules, entries);
  }
  return [...ranked.values()].sort(compareRankedEntries).map(({ entry }) => entry);
}

function isBetter([a]: readonly RankedEntry[], [b]: readonly RankedEntry[]): boolean {
  return a !== undefined && b !== undefined && compareRankedEntries(a, b) < 0;
}

function rankedEntriesOf(
  { reference, hostname }: NonNullable<HostClaim["route"]>,
  rules: RouteRules | undefined,
): RankedEntry[] {
  return (rules?.httpRules ?? []).flatMap(({ rule, matches }) =>
    matches.map(({ match, rank, index: matchIndex }) => ({
      rank,
      route: reference,
      routeHostname: hostname,
      entry: { match, matchIndex, rule },
    })),
  );
}
