/**
 * The feature rung: everything from objects to the discovery stream, in one process, over a real gRPC connection, with a
 * client in the place of Envoy. What is sent, in which order, and what is not sent again.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/app/engine.ts";
import { ProxyFleet } from "../../src/app/proxy-fleet.ts";
import { ResourceFeed } from "../../src/app/resource-feed.ts";
import { LOCAL_PROXY, standaloneSettings, withDefaultClass } from "../../src/app/standalone-settings.ts";
import { envoyResources } from "../../src/envoy/index.ts";
import { type KnownObject, objectKeyOf, validate } from "../../src/resources/index.ts";
import { startAdsServer } from "../../src/transport/index.ts";
import { DiscoveryClient, type Received } from "./discovery-client.ts";

const gateway = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "gw" },
  spec: { gatewayClassName: "trilith", listeners: [{ name: "http", protocol: "HTTP", port: 8080 }] },
};

const route = (host: string, service: string): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: host },
  spec: {
    parentRefs: [{ name: "gw" }],
    hostnames: [`${host}.example.com`],
    rules: [{ backendRefs: [{ name: service, port: 80 }] }],
  },
});

const service = (name: string, address: string): object[] => [
  { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports: [{ port: 80 }] } },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address] }],
    ports: [{ port: 8080 }],
  },
];

const TABLE = "local/tcp/127.0.0.1/8080";
const cluster = (name: string): string => `Service/default/${name}/80/http`;
const endpoints = (name: string): string => `Service/default/${name}/80`;

let engine: Engine;
let client: DiscoveryClient;
let cleanup: AsyncDisposableStack;

function serve(...objects: readonly object[]): void {
  const known = objects.map((value): KnownObject => {
    const { object, problems } = validate(value);
    if (object === undefined) throw new Error(JSON.stringify(problems));
    return object;
  });
  engine.replaceObjects(withDefaultClass(new Map(known.map((object) => [objectKeyOf(object), object])), "trilith"));
}

/** What came after `act`, once a response fits. */
async function sentAfter(act: () => void, last: (response: Received) => boolean): Promise<readonly Received[]> {
  const before = client.received.length;
  act();
  const received = await client.until((all) => all.slice(before).some(last));
  return received.slice(before);
}

beforeEach(async () => {
  cleanup = new AsyncDisposableStack();
  engine = createEngine(standaloneSettings({ bindAddress: "127.0.0.1" }));
  const fleet = new ProxyFleet();
  const records = envoyResources(engine.graph, engine.model);
  const feed = cleanup.use(new ResourceFeed(engine.graph, records, fleet));
  const local = fleet.groupOf(LOCAL_PROXY);
  const ads = await startAdsServer({ listen: { host: "127.0.0.1", port: 0 }, admit: () => local });
  cleanup.defer(() => ads.close());
  serve(gateway, ...service("a", "10.0.0.1"), ...service("b", "10.0.0.2"), route("one", "a"), route("two", "b"));
  feed.open();
  client = new DiscoveryClient(`http://127.0.0.1:${"port" in ads.address ? ads.address.port : 0}`);
  cleanup.defer(() => client.close());
});

afterEach(() => cleanup.disposeAsync());

const hasHost = (name: string) => (response: Received) =>
  response.type === "VirtualHost" && response.added.includes(`${TABLE}/${name}.example.com`);

describe("what an Envoy is sent", () => {
  test("clusters come first, and hosts last, when everything that they need is there", async () => {
    const received = await client.until((all) => all.some(hasHost("one")));
    const types = received.map(({ type }) => type);
    expect([types[0], types.at(-1), types.filter((type) => type === "VirtualHost").length]).toEqual([
      "Cluster",
      "VirtualHost",
      1,
    ]);
    expect(types.lastIndexOf("ClusterLoadAssignment")).toBeLessThan(types.indexOf("VirtualHost"));
    expect(received.at(-1)?.added).toEqual([`${TABLE}/*`, `${TABLE}/one.example.com`, `${TABLE}/two.example.com`]);
  });

  test("a change of one route sends its host, and takes away what nobody uses any more", async () => {
    await client.until((all) => all.some(hasHost("one")));
    const base = [gateway, ...service("a", "10.0.0.1"), ...service("b", "10.0.0.2"), route("two", "b")];
    const sent = await sentAfter(
      () => serve(...base, route("one", "b")),
      ({ removed }) => removed.length > 0,
    );
    expect(sent).toEqual([
      { type: "VirtualHost", added: [`${TABLE}/one.example.com`], removed: [] },
      { type: "Cluster", added: [], removed: [cluster("a")] },
    ]);
  });

  test("other endpoints send the endpoints, and nothing else", async () => {
    await client.until((all) => all.some(hasHost("one")));
    const changed = [
      gateway,
      ...service("a", "10.0.0.9"),
      ...service("b", "10.0.0.2"),
      route("one", "a"),
      route("two", "b"),
    ];
    expect(
      await sentAfter(
        () => serve(...changed),
        ({ type }) => type === "ClusterLoadAssignment",
      ),
    ).toEqual([{ type: "ClusterLoadAssignment", added: [endpoints("a")], removed: [] }]);
  });

  test("a new backend is made before the host that uses it, and the old one goes last", async () => {
    await client.until((all) => all.some(hasHost("one")));
    const moved = [
      gateway,
      ...service("c", "10.0.0.3"),
      ...service("b", "10.0.0.2"),
      route("one", "c"),
      route("two", "b"),
    ];
    const sent = await sentAfter(
      () => serve(...moved),
      ({ removed }) => removed.includes(cluster("a")),
    );
    expect(sent).toEqual([
      { type: "Cluster", added: [cluster("c")], removed: [] },
      { type: "ClusterLoadAssignment", added: [endpoints("c")], removed: [] },
      { type: "VirtualHost", added: [`${TABLE}/one.example.com`], removed: [] },
      { type: "Cluster", added: [], removed: [cluster("a")] },
    ]);
  });

  test("a route that goes takes its host along, and its backend after that", async () => {
    await client.until((all) => all.some(hasHost("one")));
    const rest = [gateway, ...service("a", "10.0.0.1"), ...service("b", "10.0.0.2"), route("two", "b")];
    const sent = await sentAfter(
      () => serve(...rest),
      ({ removed }) => removed.includes(cluster("a")),
    );
    expect(sent).toEqual([
      { type: "VirtualHost", added: [], removed: [`${TABLE}/one.example.com`] },
      { type: "Cluster", added: [], removed: [cluster("a")] },
    ]);
  });
});
