import { describe, expect, test } from "vitest";
import { fill, modelSources } from "../../test/support/model-records.ts";
import type { Model, Sources } from "../../test/support/model-records.ts";
import { entryOf, forwardTo, hostOf, httpModelOf, matchOf, ruleOf, weighted } from "../../test/support/http-model.ts";
import { Graph } from "../collections/index.ts";
import { virtualHostKey } from "../model/index.ts";
import type { EndpointSet, HttpEntry, VirtualHost } from "../model/index.ts";
import { envoyResources } from "./envoy-resources.ts";

const toA: HttpEntry = entryOf(matchOf("/*"), ruleOf("shop", forwardTo(weighted("a"))));
const model = httpModelOf(80, [{ domain: "*", entries: [toA] }], new Map([["a", 8080]]));

/** The sources of a derived model, and the keys of the records that changed since they were last asked for. */
function derive(from: Model): {
  graph: Graph;
  sources: Sources;
  records: ReturnType<typeof envoyResources>;
  changed: () => string[];
} {
  const graph = new Graph();
  const sources = modelSources(graph);
  const records = envoyResources(graph, sources);
  graph.batch(() => fill(sources, from));
  const keys: string[] = [];
  graph.subscribe(records, (changes) => keys.push(...changes.map(({ key }) => key)));
  return { graph, sources, records, changed: () => keys.splice(0) };
}

const first = <T>(values: Iterable<T>): T => {
  for (const value of values) return value;
  throw new Error("there is none");
};

describe("Envoy resources", () => {
  test("an endpoint that comes changes the endpoints and nothing else", () => {
    const { sources, changed } = derive(model);
    const set: EndpointSet = first(sources.endpointSets.values());
    sources.endpointSets.set({ ...set, endpoints: [...set.endpoints, { address: "10.0.0.2", port: 8080 }] });
    expect(changed()).toEqual([`endpoints/${set.key}`]);
  });

  test("a route that comes changes its host and nothing else", () => {
    const { sources, changed } = derive(model);
    const host = first(sources.virtualHosts.values());
    const more = entryOf(matchOf("/more"), ruleOf("more", forwardTo(weighted("a"))));
    sources.virtualHosts.set({ ...host, entries: [more, ...host.entries] });
    expect(changed()).toEqual([`virtualHost/${host.key}`]);
  });

  test("a plain listener that joins a socket changes not a byte of it", () => {
    const { sources, records } = derive(model);
    const socket = first(sources.sockets.values());
    const before = records.get(`listener/${socket.key}`);
    const [chain] = socket.chains;
    if (chain?.kind !== "http") throw new Error("the model's socket is a plain one");
    const listeners = [...chain.listeners, ...chain.listeners.map((key) => `${key}-too` as typeof key)];
    sources.sockets.set({ ...socket, chains: [{ ...chain, listeners }] });
    const after = records.get(`listener/${socket.key}`);
    expect([after?.version, after?.origins]).toEqual([before?.version, listeners]);
  });

  test("what is not in the model any more has no record", () => {
    const { graph, sources, records } = derive(model);
    graph.batch(() => {
      for (const source of Object.values(sources)) for (const { key } of source.values()) source.delete(key);
    });
    expect([...records.values()]).toEqual([]);
  });

  test("a host that is too large to be sent keeps its last version, and the failure says what to do", () => {
    const { graph, sources, records, changed } = derive(model);
    const host: VirtualHost = first(sources.virtualHosts.values());
    const before = records.get(`virtualHost/${host.key}`);
    const entries = Array.from({ length: 20_000 }, (_, index) =>
      entryOf(matchOf(`/${"long".repeat(20)}/${index}`), ruleOf(`route-${index}`, forwardTo(weighted("a")))),
    );
    sources.virtualHosts.set({ ...host, entries });
    expect([changed(), records.get(`virtualHost/${host.key}`)]).toEqual([[], before]);
    const [failure] = graph.failures.values();
    expect(failure).toMatchObject({
      name: "ResourceTooLargeError",
      resource: { kind: "virtualHost", name: host.key },
      message: expect.stringContaining("spread its 20000 sources (the first is HTTPRoute/test/route-0#0)") as string,
    });
  });

  test("equal models give equal versions, whatever the order in which they came", () => {
    const hosts = ["b.test", "a.test"].map((domain) => ({ domain, entries: [toA] }));
    const versions = [hosts, hosts.toReversed()].map((order) => {
      const { records } = derive(httpModelOf(80, order, new Map([["a", 8080]])));
      return [...records.values()].map(({ kind, name, version }) => `${kind} ${name} ${version}`).sort();
    });
    expect(versions[0]).toEqual(versions[1]);
  });

  test("hosts are named by their tables", () => {
    const { records } = derive(model);
    const { table } = hostOf("*", [], 80);
    expect(records.get(`virtualHost/${virtualHostKey(table, "*")}`)?.needs).toEqual([
      { kind: "cluster", name: "Service/test/a/80" },
    ]);
  });
});
