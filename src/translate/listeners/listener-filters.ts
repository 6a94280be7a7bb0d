/**
 * Filters of listeners, which run for every request before routes are matched: external authorisation, in the order in which
 * it is stated. A listener with a filter that is not known is refused as a whole (derive-listeners), and one whose service
 * does not resolve answers every request with an error: left out, a filter would let in whom it keeps away.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-5224/
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import type { ExternalAuth, RouteTableKey } from "../../model/index.ts";
import { gatewayGroup, type ListenerRequestFilter, type ObjectKey } from "../../resources/index.ts";
import { backendLookup, type BackendSources, readsOfLookup } from "../backends/backend-lookup.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import { resolveBackend } from "../backends/resolve-backend.ts";
import { ANY_HOSTNAME, intersectHostnames } from "../hostname.ts";
import { httpBackendsOf } from "../http/http-backends.ts";
import { externalAuthOf } from "../http/rule-filters.ts";
import type { FieldProblem, Listener, ListenerClaim } from "../listener.ts";
import type { RuleNotice } from "../rules/route-rules.ts";
import { RuleScope } from "../rules/rule-scope.ts";
import { compareHostnames } from "../virtual-hosts/precedence.ts";

export interface ListenerFilters extends BackendUser {
  /** The object that states the listener. */
  readonly parent: ObjectKey;
  /** In the order in which they run. */
  readonly auths: readonly ExternalAuth[];
  /** References that do not resolve. */
  readonly unresolved: readonly FieldProblem[];
  readonly notices: readonly RuleNotice[];
}

/** One, by the listener's key, for each listener that states filters. */
export function deriveListenerFilters(
  graph: Graph,
  claims: Collection<ListenerClaim>,
  sources: BackendSources,
): Collection<ListenerFilters> {
  return graph.derive({
    name: "translate/ListenerFilters",
    key: (filters: ListenerFilters) => filters.key,
    from: claims,
    reads: readsOfLookup(sources),
    map: (claim, read) => (claim.spec.filters?.requests?.length ? [listenerFiltersOf(claim, sources, read)] : []),
  });
}

function listenerFiltersOf(claim: ListenerClaim, sources: BackendSources, read: Reader): ListenerFilters {
  const { key, parent, gateway, index, spec } = claim;
  const { namespace } = parent;
  const scope = new RuleScope();
  const look = backendLookup({ group: gatewayGroup, kind: parent.kind, namespace }, "TCP", gateway, sources, read);
  const backends = httpBackendsOf((reference) => scope.note(resolveBackend(reference, namespace, look)), scope, false);
  const path = `spec.listeners[${index}].filters.requests`;
  const auths = (spec.filters?.requests ?? []).flatMap((filter, position) =>
    filter.type === "ExternalAuth"
      ? [externalAuthOf(filter.externalAuth, `${path}[${position}].externalAuth`, backends)]
      : [],
  );
  return {
    key,
    parent: parent.object,
    gateway,
    auths,
    ...scope.uses(),
    streamBackends: [],
    unresolved: scope.problems,
    notices: scope.notices,
  };
}

/** The first filter that Trilith cannot run: it knows no extension. */
export function unknownFilterOf(
  requests: readonly ListenerRequestFilter[] = [],
): { readonly message: string; readonly path: string } | undefined {
  const index = requests.findIndex(({ type }) => type !== "ExternalAuth");
  const filter = requests[index];
  if (filter?.type !== "ExtensionRef") return undefined;
  const { group, kind, name } = filter.extensionRef;
  return {
    message: `Trilith knows no filter of kind ${kind}.${group} (${name}); of listeners it can run ExternalAuth`,
    path: `filters.requests[${index}].extensionRef`,
  };
}

/** What the listeners of a route table check requests with; there is none where no listener does. */
export interface TableGuards {
  readonly key: RouteTableKey;
  readonly listeners: readonly { readonly hostname: string; readonly auths: readonly ExternalAuth[] }[];
}

export function deriveTableGuards(
  graph: Graph,
  listeners: Collection<Listener>,
  filters: Collection<ListenerFilters>,
): Collection<TableGuards> {
  const tables = graph.groups<Listener>({
    name: "translate/GuardedTables",
    of: listeners,
    by: ({ serving, table }) => (serving && table !== undefined ? [table] : []),
  });
  return graph.derive({
    name: "translate/TableGuards",
    key: (guards: TableGuards) => guards.key,
    from: tables,
    reads: [filters],
    map: ({ key, members }, read) => {
      const stated = members.map(({ key: listener, hostname }) => ({
        hostname,
        auths: read.pick(filters, listener, (found) => found?.auths ?? []),
      }));
      return stated.some(({ auths }) => auths.length > 0) ? [{ key: key as RouteTableKey, listeners: stated }] : [];
    },
  });
}

/** A host belongs to the listener whose hostname is the narrowest around it, also where that one checks nothing. */
export function guardsOfHost(domain: string, { listeners }: TableGuards): readonly ExternalAuth[] {
  const around = listeners.filter(
    ({ hostname }) => hostname === ANY_HOSTNAME || intersectHostnames(domain, hostname) === domain,
  );
  return around.sort((a, b) => compareHostnames(a.hostname, b.hostname))[0]?.auths ?? [];
}
