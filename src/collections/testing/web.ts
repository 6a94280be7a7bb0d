/**
 * A small web of collections that uses everything a graph has: keys, picks, lists, counts, indexes, groups, groups of groups,
 * a union, keys that several inputs produce, functions that throw. The functions are kept apart from the graph, so
 * that the same web can be worked out by hand (web-by-hand.ts).
 */
import type { Collection, Graph, Source } from "../index.ts";

export interface Service {
  readonly key: string;
  readonly port: number;
  readonly alias: string;
  /** Nobody's business: a change of it alone must go unnoticed where ports are picked. */
  readonly revision: number;
}

export interface Route {
  readonly key: string;
  readonly service: string;
  readonly gateway: string;
  readonly hosts: readonly string[];
  readonly names: readonly string[];
}

export interface Gateway {
  readonly key: string;
  readonly label: string;
}

export interface Facts {
  readonly services: ReadonlyMap<string, Service>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly gateways: ReadonlyMap<string, Gateway>;
}

export interface Keyed {
  readonly key: string;
}

export interface Binding extends Keyed {
  readonly host: string;
  readonly gateway: string;
  readonly port: number;
}

export interface Table extends Keyed {
  readonly label: string;
  readonly entries: readonly string[];
}

export interface Named extends Keyed {
  readonly owner: string;
}

/** The functions of the derivations; what they read comes as arguments. */
export const rules = {
  bindings: (route: Route, gateway: Gateway | undefined, port: number | undefined): Binding[] =>
    gateway === undefined || port === undefined
      ? []
      : route.hosts.map((host) => ({ key: `${route.key}|${host}`, host, gateway: gateway.key, port })),
  table: (gateway: Gateway, bindings: readonly Binding[]): Table => ({
    key: gateway.key,
    label: gateway.label,
    entries: bindings.map(({ key, port }) => `${key}:${port}`),
  }),
  names: (route: Route): Named[] => route.names.map((key) => ({ key, owner: route.key })),
  alias: (service: Service): Named => ({ key: service.alias, owner: service.key }),
  fragile: (route: Route, service: Service | undefined): Named => {
    if (service?.port === 2) throw new Error(`${route.key} does not like ${service.key}`);
    return { key: route.names[0] ?? route.key, owner: `${route.key}=${service?.port}` };
  },
  parity: ({ port }: Service): string[] => {
    if (port === 0) throw new Error("0 has no parity here");
    return [port % 2 === 1 ? "odd" : "even"];
  },
} as const;

export interface Web {
  readonly sources: {
    readonly services: Source<Service>;
    readonly routes: Source<Route>;
    readonly gateways: Source<Gateway>;
  };
  /** By name, without the sources. */
  readonly derived: Readonly<Record<string, Collection<Keyed>>>;
}

const keyOf = ({ key }: Keyed): string => key;

export function makeSources(graph: Graph): Web["sources"] {
  return {
    services: graph.source<Service>({ name: "services", key: keyOf }),
    routes: graph.source<Route>({ name: "routes", key: keyOf }),
    gateways: graph.source<Gateway>({ name: "gateways", key: keyOf }),
  };
}

export function makeWeb(graph: Graph, sources: Web["sources"]): Web {
  const byHost = makeBindings(graph, sources);
  const byName = makeNames(graph, sources);
  return { sources, derived: { ...byHost, ...byName } };
}

function makeBindings(graph: Graph, { services, routes, gateways }: Web["sources"]) {
  const routesOfService = graph.index<Route>(routes, "by service", ({ service }) => [service]);
  const bindings = graph.derive<Route, Binding>({
    name: "bindings",
    key: keyOf,
    from: routes,
    reads: [services, gateways],
    map: (route, read) => {
      const port = read.pick(services, route.service, (service) => service && { port: service.port });
      return rules.bindings(route, read.get(gateways, route.gateway), port?.port);
    },
  });
  const bindingsOfGateway = graph.index<Binding>(bindings, "by gateway", ({ gateway }) => [gateway]);
  const tables = graph.derive<Gateway, Table>({
    name: "tables",
    key: keyOf,
    from: gateways,
    reads: [bindings],
    map: (gateway, read) => [rules.table(gateway, read.by(bindingsOfGateway, gateway.key))],
  });
  const hosts = graph.groups<Binding>({ name: "hosts", of: bindings, by: ({ host }) => [host] });
  return {
    bindings,
    tables,
    hosts,
    sizes: graph.groups({ name: "sizes", of: hosts, by: ({ members }) => [`${members.length}`] }),
    parities: graph.groups<Service>({ name: "parities", of: services, by: rules.parity }),
    // Of higher rank than what it comes from, so that it must wait for the tables.
    views: graph.derive({
      name: "views",
      key: keyOf,
      from: hosts,
      reads: [tables],
      map: ({ key, members }, read) => [
        { key, seen: members.map(({ gateway, port }) => [port, read.get(tables, gateway)?.entries.length]) },
      ],
    }),
    counts: graph.derive({
      name: "counts",
      key: keyOf,
      from: services,
      reads: [routes, hosts],
      map: ({ key }, read) => [
        { key, routes: read.count(routesOfService, key), size: read.pick(hosts, "x", (host) => host?.members.length) },
      ],
    }),
  };
}

function makeNames(graph: Graph, { services, routes, gateways }: Web["sources"]) {
  const names = graph.derive<Route, Named>({ name: "names", key: keyOf, from: routes, map: rules.names });
  const aliases = graph.derive<Service, Named>({
    name: "aliases",
    key: keyOf,
    from: services,
    map: (service) => [rules.alias(service)],
  });
  const allNames = graph.union<Named>({ name: "allNames", of: [names, aliases] });
  return {
    names,
    aliases,
    allNames,
    fragile: graph.derive<Route, Named>({
      name: "fragile",
      key: keyOf,
      from: routes,
      reads: [services],
      map: (route, read) => [rules.fragile(route, read.get(services, route.service))],
    }),
    directories: graph.derive({
      name: "directories",
      key: keyOf,
      from: gateways,
      reads: [allNames],
      map: ({ key }, read) => [{ key, names: read.all(allNames).map((name) => `${name.key} ${name.owner}`) }],
    }),
  };
}
