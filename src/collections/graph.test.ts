import { describe, expect, test } from "vitest";
import { type Change, type Collection, Graph, type Reader } from "./index.ts";

interface Service {
  readonly name: string;
  readonly port: number;
  readonly revision?: number;
}

interface Route {
  readonly name: string;
  readonly service: string;
  readonly hosts: readonly string[];
}

const nameOf = ({ name }: { readonly name: string }): string => name;
const contentOf = <T>(collection: Collection<T>): T[] => [...collection.values()];

function servicesAndRoutes() {
  const graph = new Graph();
  const services = graph.source<Service>({ name: "Services", key: nameOf });
  const routes = graph.source<Route>({ name: "Routes", key: nameOf });
  return { graph, services, routes };
}

const route = (name: string, service: string, ...hosts: string[]): Route => ({ name, service, hosts });

describe("a source", () => {
  test("tells subscribers each batch's changes once, from the value before it to the value after it", () => {
    const { graph, services } = servicesAndRoutes();
    const told: (readonly Change<Service>[])[] = [];
    services.set({ name: "a", port: 1 });
    graph.subscribe(services, (changes) => told.push(changes));
    graph.batch(() => {
      services.set({ name: "a", port: 2 });
      services.set({ name: "a", port: 3 });
      services.set({ name: "b", port: 1 });
      services.delete("b");
    });
    expect(told).toEqual([[{ key: "a", before: { name: "a", port: 1 }, after: { name: "a", port: 3 } }]]);
  });

  test("tells nobody of a value that equals the one it has, and keeps that one", () => {
    const { graph, services } = servicesAndRoutes();
    const first = { name: "a", port: 1 };
    services.set(first);
    let told = 0;
    graph.subscribe(services, () => told++);
    services.set({ name: "a", port: 1 });
    graph.batch(() => {
      services.delete("a");
      services.set({ name: "a", port: 1 });
    });
    expect({ told, kept: services.get("a") === first }).toEqual({ told: 0, kept: true });
  });

  test("replaces its whole content in one batch", () => {
    const { graph, services } = servicesAndRoutes();
    services.replaceAll([
      { name: "a", port: 1 },
      { name: "b", port: 1 },
    ]);
    const told: string[][] = [];
    graph.subscribe(services, (changes) => told.push(changes.map(({ key }) => key)));
    services.replaceAll([
      { name: "b", port: 1 },
      { name: "c", port: 1 },
    ]);
    expect({ names: contentOf(services).map(nameOf), told }).toEqual({ names: ["b", "c"], told: [["a", "c"]] });
  });

  test("takes its own idea of equality", () => {
    const graph = new Graph();
    const records = graph.source<{ name: string; bytes: Uint8Array; hash: number }>({
      name: "Records",
      key: nameOf,
      equals: (a, b) => a.hash === b.hash,
    });
    let told = 0;
    graph.subscribe(records, () => told++);
    records.set({ name: "a", bytes: new Uint8Array([1]), hash: 1 });
    records.set({ name: "a", bytes: new Uint8Array([2]), hash: 1 });
    records.set({ name: "a", bytes: new Uint8Array([2]), hash: 2 });
    expect(told).toBe(2);
  });
});

describe("a derivation", () => {
  test("computes only the inputs that read what changed", () => {
    const { graph, services, routes } = servicesAndRoutes();
    const computed: string[] = [];
    const ports = graph.derive({
      name: "Ports",
      key: nameOf,
      from: routes,
      reads: [services],
      map: ({ name, service }, read) => {
        computed.push(name);
        const found = read.get(services, service);
        return found === undefined ? [] : [{ name, port: found.port }];
      },
    });
    graph.batch(() => {
      for (const name of ["x", "y", "z"]) services.set({ name, port: 1 });
      for (const name of ["x", "y", "z"]) routes.set(route(`to-${name}`, name));
    });
    computed.length = 0;
    services.set({ name: "y", port: 2 });
    services.delete("z");
    expect({ computed, ports: contentOf(ports) }).toEqual({
      computed: ["to-y", "to-z"],
      ports: [
        { name: "to-x", port: 1 },
        { name: "to-y", port: 2 },
      ],
    });
  });

  test("that picks a part of a value is not computed again when the rest changes", () => {
    const { graph, services, routes } = servicesAndRoutes();
    graph.derive({
      name: "Ports",
      key: nameOf,
      from: routes,
      reads: [services],
      map: ({ name, service }, read) => [{ name, port: read.pick(services, service, (found) => [found?.port]) }],
    });
    services.set({ name: "a", port: 1, revision: 1 });
    routes.set(route("r", "a"));
    const before = graph.recomputed;
    services.set({ name: "a", port: 1, revision: 2 });
    const unchanged = graph.recomputed - before;
    services.set({ name: "a", port: 2, revision: 2 });
    services.delete("a");
    expect({ unchanged, changed: graph.recomputed - before }).toEqual({ unchanged: 0, changed: 2 });
  });

  test("that counts an index is computed again only when the number changes", () => {
    const { graph, services, routes } = servicesAndRoutes();
    const byService = graph.index(routes, "by service", ({ service }) => [service]);
    const counts = graph.derive({
      name: "Counts",
      key: nameOf,
      from: services,
      reads: [routes],
      map: ({ name }, read) => [{ name, routes: read.count(byService, name) }],
    });
    services.set({ name: "a", port: 1 });
    routes.set(route("r", "a"));
    const before = graph.recomputed;
    routes.set(route("r", "a", "new.example"));
    graph.batch(() => {
      routes.delete("r");
      routes.set(route("s", "a"));
    });
    const unchanged = graph.recomputed - before;
    routes.set(route("t", "a"));
    expect({ unchanged, changed: graph.recomputed - before, counts: contentOf(counts) }).toEqual({
      unchanged: 0,
      changed: 1,
      counts: [{ name: "a", routes: 2 }],
    });
  });

  test("reads lists in key order, however they came to be", () => {
    const { graph, services, routes } = servicesAndRoutes();
    const byService = graph.index(routes, "by service", ({ service }) => [service]);
    const lists = graph.derive({
      name: "Lists",
      key: nameOf,
      from: services,
      reads: [routes],
      map: ({ name }, read) => [{ name, own: read.by(byService, name).map(nameOf), all: read.all(routes).map(nameOf) }],
    });
    services.set({ name: "a", port: 1 });
    for (const name of ["m", "z", "b"]) routes.set(route(name, "a"));
    routes.set(route("c", "other"));
    routes.set(route("n", "a"));
    routes.delete("z");
    expect(contentOf(lists)).toEqual([{ name: "a", own: ["b", "m", "n"], all: ["b", "c", "m", "n"] }]);
  });

  test("may not read what it does not declare, nor after its call", () => {
    const { graph, services, routes } = servicesAndRoutes();
    const kept: Reader[] = [];
    graph.derive({
      name: "Undeclared",
      key: nameOf,
      from: routes,
      map: ({ service }, read) => [read.get(services, service)].filter((found) => found !== undefined),
    });
    graph.derive({
      name: "Keeping",
      key: nameOf,
      from: routes,
      reads: [services],
      map: (input, read) => (kept.push(read), [input]),
    });
    routes.set(route("r", "a"));
    expect(() => kept[0]?.get(services, "a")).toThrow("Keeping reads Services after its call");
    expect([...graph.failures]).toEqual([
      ["Undeclared/r", new Error("Undeclared reads Services but does not declare it")],
    ]);
  });

  test("made over what exists has its content at once", () => {
    const { graph, services } = servicesAndRoutes();
    services.set({ name: "a", port: 1 });
    const copies = graph.derive({ name: "Copies", key: nameOf, from: services, map: (service) => [service] });
    const again = graph.derive({ name: "Again", key: nameOf, from: copies, map: (service) => [service] });
    expect(contentOf(again)).toEqual([{ name: "a", port: 1 }]);
  });
});

describe("a batch", () => {
  test("shows subscribers only the state in which everything has settled", () => {
    const { graph, services, routes } = servicesAndRoutes();
    const ports = graph.derive<Route, { name: string; port: number | undefined }>({
      name: "Ports",
      key: nameOf,
      from: routes,
      reads: [services],
      map: ({ name, service }, read) => [{ name, port: read.get(services, service)?.port }],
    });
    const sums = graph.derive<Service, { name: string; sum: number }>({
      name: "Sums",
      key: nameOf,
      from: services,
      reads: [ports, services],
      map: ({ name, port }, read) => [{ name, sum: port + (read.get(ports, "r")?.port ?? 0) }],
    });
    const seen: unknown[] = [];
    const look = (): unknown => seen.push([services.get("a")?.port, ports.get("r")?.port, sums.get("a")?.sum]);
    for (const collection of [services, routes, ports, sums]) graph.subscribe<unknown>(collection, look);
    graph.onSettled(() => seen.push("settled"));
    graph.batch(() => {
      services.set({ name: "a", port: 1 });
      routes.set(route("r", "a"));
    });
    services.set({ name: "a", port: 2 });
    services.set({ name: "a", port: 2 });
    expect(seen).toEqual([
      ...Array.from({ length: 4 }, () => [1, 1, 2]),
      "settled",
      ...Array.from({ length: 3 }, () => [2, 2, 4]),
      "settled",
    ]);
  });

  test("counts what was written before it threw, and throws once everybody was told", () => {
    const { graph, services } = servicesAndRoutes();
    const told: string[] = [];
    graph.subscribe(services, (changes) => told.push(...changes.map(({ key }) => key)));
    expect(() =>
      graph.batch(() => {
        services.set({ name: "a", port: 1 });
        throw new Error("half way");
      }),
    ).toThrow("half way");
    expect(told).toEqual(["a"]);
  });

  test("tells every subscriber though one throws, and takes no write from them", () => {
    const { graph, services } = servicesAndRoutes();
    const told: string[] = [];
    graph.subscribe(services, () => services.set({ name: "b", port: 1 }));
    graph.subscribe(services, () => told.push("second"));
    expect(() => services.set({ name: "a", port: 1 })).toThrow(
      "a subscriber may not write while it is told; write later",
    );
    services.get("a");
    expect({ told, content: contentOf(services) }).toEqual({ told: ["second"], content: [{ name: "a", port: 1 }] });
  });

  test("takes no write from a derivation", () => {
    const { graph, services, routes } = servicesAndRoutes();
    graph.derive({ name: "Writing", key: nameOf, from: routes, map: (input) => (services.delete("a"), [input]) });
    routes.set(route("r", "a"));
    expect([...graph.failures.keys()]).toEqual(["Writing/r"]);
  });

  test("does not tell a subscriber that was disposed of, by itself or by another", () => {
    const { graph, services } = servicesAndRoutes();
    const told: string[] = [];
    graph.subscribe(services, () => {
      told.push("first");
      second[Symbol.dispose]();
    });
    const second = graph.subscribe(services, () => told.push("second"));
    services.set({ name: "a", port: 1 });
    expect(told).toEqual(["first"]);
  });
});

test("two collections may not have one name", () => {
  const { graph } = servicesAndRoutes();
  expect(() => graph.source<Service>({ name: "Routes", key: nameOf })).toThrow("two collections are named Routes");
});

test("a collection of another graph, or one that was removed, is refused", () => {
  const { graph } = servicesAndRoutes();
  const other = servicesAndRoutes();
  const scope = graph.scope();
  const removed = scope.run(() => graph.source<Service>({ name: "Removed", key: nameOf }));
  scope[Symbol.dispose]();
  expect(() => graph.subscribe(other.services, () => {})).toThrow("Services is not, or no longer, of this graph");
  expect(() => graph.index<Service>(removed, "any", () => [])).toThrow("Removed is not, or no longer, of this graph");
  expect(() => removed.set({ name: "a", port: 1 })).toThrow("Removed was removed");
});

test("a graph describes its collections in the order in which it computes them", () => {
  const { graph, services, routes } = servicesAndRoutes();
  const byService = graph.index(routes, "by service", ({ service }) => [service]);
  const hosts = graph.groups<Route>({ name: "Hosts", of: routes, by: ({ hosts }) => hosts });
  graph.derive({
    name: "Used",
    key: nameOf,
    from: services,
    reads: [routes, hosts],
    map: (service, read) => (read.count(byService, service.name) > 0 ? [service] : []),
  });
  services.set({ name: "a", port: 1 });
  routes.set(route("r", "a", "x.example", "y.example"));
  graph.onSettled(() => {});
  graph.subscribe(hosts, () => {});
  const common = { rank: 0, size: 1, recomputations: 0, from: [], reads: [], indexes: [], watches: 0, subscribers: 0 };
  expect(graph.describe()).toEqual([
    { ...common, name: "Services", kind: "source" },
    { ...common, name: "Routes", kind: "source", indexes: ["by service", "Hosts"], watches: 1 },
    { ...common, name: "Hosts", kind: "group", rank: 1, size: 2, from: ["Routes"], subscribers: 1 },
    {
      ...common,
      name: "Used",
      kind: "derived",
      rank: 2,
      recomputations: 2,
      from: ["Services"],
      reads: ["Routes", "Hosts"],
    },
  ]);
});
