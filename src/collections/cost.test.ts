/** What a change costs, counted in calls of functions, which do not depend on the machine. */
import { expect, test } from "vitest";
import { Graph, type Group } from "./index.ts";

interface Service {
  readonly name: string;
  readonly port: number;
  readonly revision: number;
}

interface Route {
  readonly name: string;
  readonly service: string;
  readonly host: string;
}

interface Entry {
  readonly route: string;
  readonly host: string;
  readonly port: number;
}

const ROUTES = 5_000;

/** A service and a host for each route, but a tenth of the routes share one host. */
function manyRoutes() {
  const graph = new Graph();
  const calls = { entries: 0, hosts: 0, by: 0, equals: 0 };
  const services = graph.source<Service>({ name: "Services", key: ({ name }) => name, equals: Object.is });
  const routes = graph.source<Route>({ name: "Routes", key: ({ name }) => name, equals: Object.is });
  const entries = graph.derive<Route, Entry>({
    name: "Entries",
    key: ({ route }) => route,
    equals: (a, b) => (calls.equals++, a.port === b.port && a.host === b.host),
    from: routes,
    reads: [services],
    map: ({ name, service, host }, read) => {
      calls.entries++;
      const port = read.pick(services, service, (found) => found?.port);
      return port === undefined ? [] : [{ route: name, host, port }];
    },
  });
  const hosts = graph.groups<Entry>({ name: "Hosts", of: entries, by: ({ host }) => (calls.by++, [host]) });
  const views = graph.derive<Group<Entry>, { host: string; ports: string }>({
    name: "Views",
    key: ({ host }) => host,
    from: hosts,
    map: ({ key, members }) => (calls.hosts++, [{ host: key, ports: members.map(({ port }) => port).join() }]),
  });
  graph.batch(() => {
    for (let n = 0; n < ROUTES; n++) {
      services.set({ name: `service-${n}`, port: 80, revision: 0 });
      routes.set({ name: `route-${n}`, service: `service-${n}`, host: `host-${n % 10 === 0 ? 0 : n}` });
    }
  });
  const costOf = (change: () => void): typeof calls => {
    Object.assign(calls, { entries: 0, hosts: 0, by: 0, equals: 0 });
    change();
    return { ...calls };
  };
  return { graph, services, routes, views, costOf, loaded: { ...calls } };
}

test("loading computes every input once", () => {
  const { loaded } = manyRoutes();
  expect(loaded).toEqual({ entries: ROUTES, hosts: ROUTES * 0.9 + 1, by: ROUTES, equals: 0 });
});

test("with 5,000 routes a change of a service computes its route and its host", () => {
  const { services, views, costOf } = manyRoutes();
  expect(costOf(() => services.set({ name: "service-42", port: 81, revision: 1 }))).toEqual({
    entries: 1,
    hosts: 1,
    by: 2,
    equals: 1,
  });
  expect(views.get("host-42")).toEqual({ host: "host-42", ports: "81" });
});

test("with 5,000 routes a change that nobody reads computes nothing", () => {
  const { services, costOf } = manyRoutes();
  expect(costOf(() => services.set({ name: "service-42", port: 80, revision: 1 }))).toEqual({
    entries: 0,
    hosts: 0,
    by: 0,
    equals: 0,
  });
});

test("with 5,000 routes a route that comes or goes computes itself and its host, also where 500 share one", () => {
  const { routes, costOf } = manyRoutes();
  expect([
    costOf(() => routes.set({ name: "new", service: "service-0", host: "host-0" })),
    costOf(() => routes.delete("route-10")),
    costOf(() => routes.delete("route-11")),
  ]).toEqual([
    { entries: 1, hosts: 1, by: 1, equals: 0 },
    { entries: 0, hosts: 1, by: 1, equals: 0 },
    { entries: 0, hosts: 0, by: 1, equals: 0 },
  ]);
});
