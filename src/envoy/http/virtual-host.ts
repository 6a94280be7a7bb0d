/**
 * One host of a route table as Envoy's VirtualHost: short hosts as a list of routes, longer ones as a matching tree. Equal
 * hosts give equal messages.
 */
import { create } from "@bufbuild/protobuf";
import {
  DirectResponseActionSchema,
  RouteSchema,
  VirtualHostSchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type {
  Route,
  VirtualHost as EnvoyVirtualHost,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { BackendKey, HttpEntry, HttpRule, RuleFilters, VirtualHost } from "../../model/index.ts";
import { backendsOfGuards, elsewhere, guardConfigOf, notFound, refusal } from "./guards.ts";
import { matcherOf } from "./matcher-message.ts";
import { matchingTreeOf } from "./matching-tree.ts";
import { routesOfEntry } from "./routes.ts";

export interface VirtualHostContext {
  /** Of the listeners that the host's table belongs to: redirects that state no scheme keep it, and secure cookies need it. */
  readonly scheme: "http" | "https";
}

/** The message is named by the host's key. Clusters are named by backend keys: clustersOf lists them. */
export function virtualHostOf(host: VirtualHost, { scheme }: VirtualHostContext): EnvoyVirtualHost {
  return create(VirtualHostSchema, {
    name: host.key,
    domains: [host.domain],
    ...selectionOf(host, scheme),
  });
}

function selectionOf(
  host: VirtualHost,
  scheme: "http" | "https",
): Partial<Pick<EnvoyVirtualHost, "routes" | "matcher" | "typedPerFilterConfig">> {
  if (host.purpose === "misdirected") return { routes: [misdirected] };
  const { guards = [], entries } = host;
  if (guards.length === 0) return routingOf(host, entries, scheme);
  const typedPerFilterConfig = guardConfigOf(guards);
  if (typedPerFilterConfig === undefined) return { routes: [refusal] };
  return { ...routingOf(host, [...entries, elsewhere], scheme), typedPerFilterConfig };
}

function routingOf(
  host: VirtualHost,
  entries: readonly HttpEntry[],
  scheme: "http" | "https",
): Partial<Pick<EnvoyVirtualHost, "routes" | "matcher">> {
  const tree = matchingTreeOf(entries);
  const routesOf = (entry: HttpEntry): readonly Route[] =>
    entry === elsewhere ? [notFound] : routesOfEntry(entry, { host, scheme });
  return tree.kind === "routes" ? { routes: tree.entries.flatMap(routesOf) } : { matcher: matcherOf(tree, routesOf) };
}

const misdirected: Route = create(RouteSchema, {
  name: "misdirected",
  match: { pathSpecifier: { case: "prefix", value: "/" } },
  action: { case: "directResponse", value: create(DirectResponseActionSchema, { status: 421 }) },
});

/** The backends that the host's routes name, mirrors and authorisation services among them; sorted, each once. */
export function clustersOf(host: VirtualHost): readonly BackendKey[] {
  if (host.purpose === "misdirected") return [];
  const rules = new Set(host.entries.map(({ rule }) => rule));
  return [...new Set([...backendsOfGuards(host.guards), ...[...rules].flatMap(backendsOfRule)])].sort();
}

function backendsOfRule({ action, filters }: HttpRule): readonly BackendKey[] {
  const backends = action.kind === "forward" ? action.backends : [];
  return [
    ...backendsOfFilters(filters),
    ...backends.flatMap((backend) => [
      ...(backend.target.kind === "backend" ? [backend.target.backend] : []),
      ...backendsOfFilters(backend.filters),
    ]),
  ];
}

function backendsOfFilters({ mirrors, externalAuth }: RuleFilters): readonly BackendKey[] {
  const mirrored = mirrors.map(({ backend }) => backend);
  return externalAuth?.backend === undefined ? mirrored : [...mirrored, externalAuth.backend];
}
