import { describe, expect, test } from "vitest";
import { Graph } from "../collections/index.ts";
import { type AskedDestination, proxyKey } from "../model/index.ts";
import type { Gateway, GatewayClass, HTTPRoute, Listener, Service } from "../resources/index.ts";
import { objectKey } from "../resources/index.ts";
import {
  type CertificateFact,
  createResourceSources,
  type MeshMember,
  type ResourceSources,
  type RouteReport,
  type SocketReport,
  translate,
  type Translation,
} from "./index.ts";

interface World {
  readonly graph: Graph;
  readonly sources: ResourceSources;
  readonly translation: Translation;
  readonly report: (report: SocketReport) => void;
  readonly certify: (fact: CertificateFact) => void;
}

function createWorld(): World {
  const graph = new Graph();
  const sources = createResourceSources(graph);
  const fact = <T extends { readonly key: string }>(name: string) =>
    graph.source<T>({ name: `facts/${name}`, key: ({ key }) => key });
  const socketReports = fact<SocketReport>("sockets");
  const certificateFacts = fact<CertificateFact>("certificates");
  const inputs = {
    ...sources,
    certificateFacts,
    socketReports,
    trustFacts: fact<{ readonly key: ReturnType<typeof objectKey> }>("trust"),
    resolvedNames: fact<{ readonly key: string; readonly addresses: readonly string[] }>("names"),
    addressFacts: fact<{ readonly key: string; readonly usable: boolean }>("addresses"),
    routeReports: fact<RouteReport>("routes"),
    meshMembers: fact<MeshMember>("members"),
    askedDestinations: fact<AskedDestination>("destinations"),
  };
  const translation = translate(graph, inputs, {
    controllerName: "trilith.dev/gateway-controller",
    proxyOf: () => proxyKey("local"),
    bindAddress: "0.0.0.0",
    addresses: "host",
    features: [],
  });
  return {
    graph,
    sources,
    translation,
    report: (report) => socketReports.set(report),
    certify: (certificate) => certificateFacts.set(certificate),
  };
}

const gatewayClass: GatewayClass = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: "trilith" },
  spec: { controllerName: "trilith.dev/gateway-controller" },
};

const listener = (name: string, port: number, more: Partial<Listener> = {}): Listener => ({
  name,
  port,
  protocol: "HTTP",
  allowedRoutes: { namespaces: { from: "Same" } },
  ...more,
});

const gateway = (generation: number, listeners: readonly Listener[], labels: Record<string, string> = {}): Gateway => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "web", namespace: "shop", generation, labels },
  spec: { gatewayClassName: "trilith", listeners },
});

const route = (name: string, sectionName: string, generation = 1): HTTPRoute => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name, namespace: "shop", generation },
  spec: {
    parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "web", sectionName }],
    hostnames: [`${name}.example.com`],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: `/${generation}` } }],
        backendRefs: [{ group: "", kind: "Service", name: "cart", port: 80, weight: 1 }],
      },
    ],
  },
});

const service = (port: number): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "cart", namespace: "shop" },
  spec: { type: "ClusterIP", ports: [{ port, targetPort: port, protocol: "TCP" }] },
});

const https = listener("secure", 443, {
  protocol: "HTTPS",
  tls: { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: "site" }] },
});

/** A Gateway of three listeners, with twenty routes at the first and one at the second. */
function createShop(): World {
  const world = createWorld();
  const { graph, sources } = world;
  graph.batch(() => {
    sources.gatewayClasses.set(gatewayClass);
    sources.gateways.set(gateway(1, [listener("many", 80), listener("one", 81), https]));
    sources.services.set(service(80));
    for (let i = 0; i < 20; i++) sources.httpRoutes.set(route(`r${i}`, "many"));
    sources.httpRoutes.set(route("single", "one"));
  });
  return world;
}

/** How often each derivation between resources and rules was computed for this change; the others are left out. */
function workOf({ graph }: World, change: () => void): Record<string, number> {
  const counts = () => new Map(graph.describe().map(({ name, recomputations }) => [name, recomputations]));
  const before = counts();
  change();
  const rows = [...counts()].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(
    rows.filter(([name, work]) => work > 0 && WATCHED.some((one) => name === `translate/${one}`)),
  );
}

const WATCHED = [
  "Gateways",
  "ClaimsOfGateways",
  "ListenerTls",
  "PortVerdicts",
  "Listeners",
  "AttachPoints",
  "RouteBindings",
  "RouteRules",
  "VirtualHosts",
  "AttachedRoutes",
  "ListenerStatuses",
  "GatewayStatuses",
  "Sockets",
];

describe("a change is followed no further than it goes", () => {
  test("labels of a Gateway are not read", () => {
    const world = createShop();
    const change = () =>
      world.sources.gateways.set(gateway(1, [listener("many", 80), listener("one", 81), https], { a: "b" }));
    expect(workOf(world, change)).toEqual({ "translate/Gateways": 1 });
  });

  test("a new rule of a route concerns that route, its host and nothing of the Gateway", () => {
    const world = createShop();
    expect(workOf(world, () => world.sources.httpRoutes.set(route("r1", "many", 2)))).toEqual({
      "translate/AttachedRoutes": 1,
      "translate/RouteBindings": 1,
      "translate/RouteRules": 1,
      "translate/VirtualHosts": 1,
    });
  });

  test("a new route is counted by its listener and its Gateway", () => {
    const world = createShop();
    expect(workOf(world, () => world.sources.httpRoutes.set(route("new", "one")))).toEqual({
      "translate/RouteBindings": 1,
      "translate/RouteRules": 1,
      "translate/VirtualHosts": 1,
      "translate/AttachedRoutes": 1,
      "translate/ListenerStatuses": 1,
      "translate/GatewayStatuses": 1,
    });
  });

  test("a Service concerns the routes that refer to it, and no listener", () => {
    const world = createShop();
    const work = workOf(world, () => world.sources.services.set(service(8080)));
    expect(Object.keys(work).sort()).toEqual(["translate/RouteRules", "translate/VirtualHosts"]);
  });

  test("a listener's hostname concerns the routes that name it, not those of other listeners", () => {
    const world = createShop();
    const listeners = [listener("many", 80), listener("one", 81, { hostname: "*.example.com" }), https];
    const work = workOf(world, () => world.sources.gateways.set(gateway(2, listeners)));
    expect({ listeners: work["translate/Listeners"], routes: work["translate/RouteBindings"] }).toEqual({
      listeners: 1,
      routes: 1,
    });
  });

  test("a certificate concerns its listener, and no route of others", () => {
    const world = createShop();
    const key = objectKey({ group: "", kind: "Secret", namespace: "shop", name: "site" });
    expect(workOf(world, () => world.certify({ key, dnsNames: [] }))).toEqual({
      // The listener's own host.
      "translate/VirtualHosts": 1,
      "translate/ListenerTls": 1,
      "translate/Listeners": 1,
      "translate/AttachPoints": 1,
      "translate/ListenerStatuses": 1,
      "translate/GatewayStatuses": 1,
      "translate/Sockets": 1,
    });
  });

  test("what a proxy says of a socket concerns statuses alone", () => {
    const world = createShop();
    const key = [...world.translation.sockets.values()]
      .map((socket) => socket.key)
      .find((socket) => socket.endsWith("/80"));
    if (key === undefined) throw new Error("no socket");
    expect(workOf(world, () => world.report({ key, programmed: [] }))).toEqual({ "translate/ListenerStatuses": 1 });
  });
});
