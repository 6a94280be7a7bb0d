/**
 * What a cluster tells about its traffic and its proxies: who calls whom in the metrics of sidecars and Gateways, read as Prometheus
 * reads them, also under policies that refuse whoever has no identity; and what commands find out through the API server alone.
 */
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { readPage, type Series } from "../../src/cli/traffic/prometheus-page.ts";
import type { CallRate } from "../../src/cli/traffic/rates.ts";
import type { MeshProxy } from "../../src/cli/mesh-status.ts";
import { clientOf, echoWithAccount, namespaceObject } from "./echo-workload.ts";
import { accessPolicy, echoService, httpRoute, MARKED, serviceParent, webGateway } from "./mesh-objects.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

const used = useTrilithCluster(
  ({ apply, untilRolledOut, kubectl }) => {
    apply(namespaceObject("shop", { "trilith.dev/mesh": "enabled" }), namespaceObject("plain"));
    apply(...PODS.flatMap(([space, name]) => echoWithAccount(space, name)), service, route, gateway, gatewayRoute);
    untilRolledOut(...PODS.map(([space, name]) => [space, `deployment/${name}`] as const));
    kubectl("-n", "shop", "wait", "--for=condition=Programmed", "gateway/web", "--timeout=60s");
  },
  { withinMs: 300_000 },
);
const { kubectl, apply } = used;

/** Each with a ServiceAccount of its name. */
const PODS = [
  ["shop", "caller"],
  ["shop", "cart"],
  ["plain", "caller"],
] as const;

const service = echoService("shop", "cart");
/** The header tells that requests are taken as such, and not as bytes. */
const route = httpRoute("shop", "cart", [serviceParent("cart", 80)], "cart", MARKED);
const gateway = webGateway("shop", "web");
const gatewayRoute = httpRoute("shop", "web", [{ name: "web" }], "cart");
const strict = accessPolicy("shop", "strict", { rules: [{ sources: [{ type: "Mesh" }] }] });

const TELEMETRY = "gateway.networking.x-k8s.io";
/** It answers 200 to whatever it is sent: so it will do for a collector. */
const collector = echoService("shop", "otlp", [{ port: 4318, targetPort: 8080, appProtocol: "http" }], {
  selector: { name: "cart" },
});
const collectorGrant = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "ReferenceGrant",
  metadata: { name: "telemetry", namespace: "shop" },
  spec: {
    from: [{ group: TELEMETRY, kind: "XTelemetryPolicy", namespace: "trilith-system" }],
    to: [{ group: "", kind: "Service", name: "otlp" }],
  },
};
const tracing = {
  apiVersion: `${TELEMETRY}/v1alpha1`,
  kind: "XTelemetryPolicy",
  metadata: { name: "mesh", namespace: "trilith-system" },
  spec: {
    targetRefs: [{ group: TELEMETRY, kind: "XMesh", name: "trilith" }],
    tracing: { mode: "Enabled", provider: { backendRef: { name: "otlp", namespace: "shop", port: 4318 } } },
  },
};

/** What the client in a namespace's caller says, whether it succeeds or not. */
const call = (space: string, ...args: readonly string[]): string =>
  used.cluster.kubectl(clientOf(space, "caller", ...args)).output;

const addressOf = (space: string, selector: string): string =>
  kubectl("-n", space, "get", "pods", "-l", selector, "-o", "jsonpath={.items[0].status.podIP}");

/** A page of metrics, as Prometheus reads it from somewhere in the cluster. */
const scrape = (address: string, path = "/stats/prometheus"): string =>
  used.cluster.run("curl", ["-sf", "-m", "10", `http://${address}${path}`]).output;

const seriesOf = (page: string): readonly Series[] =>
  readPage(page).flatMap(({ name, ...rest }) =>
    name.startsWith("envoy_trilith_") ? [{ name: name.slice("envoy_trilith_".length), ...rest }] : [],
  );

/** The labels that are not empty, and the value, of the series of a metric that has these labels. */
const told = (page: string, metric: string, having: Readonly<Record<string, string>>): unknown[] =>
  seriesOf(page)
    .filter(
      ({ name, labels }) =>
        name === metric && Object.entries(having).every(([label, value]) => (labels[label] ?? "") === value),
    )
    .map(({ labels, value }) => [Object.fromEntries(Object.entries(labels).filter(([, text]) => text !== "")), value]);

const id = (account: string): string => `spiffe://cluster.local/ns/shop/sa/${account}`;

const trilith = (...args: readonly string[]): { readonly status: number | null; readonly output: string } =>
  used.cluster.run(process.execPath, [MAIN, ...args, "--kubeconfig", used.cluster.kubeconfig]);

describe.skipIf(!inject("canRunCluster"))("in a cluster", { timeout: 180_000 }, () => {
  test("the caller's sidecar and the workload's both tell who called whom, and that it was mutual TLS", async () => {
    await expect.poll(() => call("shop", "--count=1", "http://cart/"), { timeout: 30_000 }).toContain("X-Mesh:routed");
    call("shop", "--count=20", "http://cart/");
    const caller = scrape(`${addressOf("shop", "name=caller")}:15020`);
    const cart = scrape(`${addressOf("shop", "name=cart")}:15020`);
    const both = { destination_namespace: "shop", destination_workload: "cart", destination_identity: id("cart") };
    const all = { source_identity: id("caller"), tls: "TLSv1.3", response_class: "2xx" };
    expect([
      told(caller, "requests_total", { reporter: "source", destination_service: "cart", response_class: "2xx" }),
      told(cart, "requests_total", { reporter: "destination", source_identity: id("caller") }),
    ]).toEqual([
      [
        [
          {
            ...both,
            ...all,
            reporter: "source",
            source_namespace: "shop",
            source_workload: "caller",
            destination_service: "cart",
          },
          expect.any(Number),
        ],
      ],
      [[{ ...both, ...all, reporter: "destination" }, expect.any(Number)]],
    ]);
  });

  test("a Gateway's Envoy tells of its requests by its own workload and identity", () => {
    const address = kubectl("-n", "shop", "get", "gateway/web", "-o", "jsonpath={.status.addresses[0].value}");
    for (let count = 0; count < 5; count += 1) used.cluster.run("curl", ["-s", "-m", "5", `http://${address}/`]);
    const page = scrape(`${addressOf("shop", "gateway.networking.k8s.io/gateway-name=web")}:19001`);
    expect(told(page, "requests_total", { destination_service: "cart", response_class: "2xx" })).toEqual([
      [
        {
          reporter: "source",
          source_namespace: "shop",
          source_workload: "web-trilith",
          source_identity: id("web-trilith"),
          destination_namespace: "shop",
          destination_service: "cart",
          destination_workload: "cart",
          destination_identity: id("cart"),
          tls: "TLSv1.3",
          response_class: "2xx",
        },
        5,
      ],
    ]);
  });

  test("connections that are no HTTP are counted with what they carried, and those in plain text have no source", async () => {
    call("shop", "--count=3", "tcp://cart:9090");
    call("plain", "--count=2", "tcp://cart.shop:9090");
    const page = (): string => scrape(`${addressOf("shop", "name=cart")}:15020`);
    const bySource = (metric: string): number[] =>
      [id("caller"), ""].map((source) =>
        seriesOf(page())
          .filter(({ name, labels }) => name === metric && labels["source_identity"] === source)
          .reduce((sum, { value }) => sum + value, 0),
      );
    await expect.poll(() => bySource("connections_opened_total"), { timeout: 30_000 }).toEqual([3, 2]);
  });

  test("whoever scrapes gets through where a policy refuses plain text, and what is refused is counted", async () => {
    apply(strict);
    const address = addressOf("shop", "name=cart");
    await expect
      .poll(() => used.cluster.run("curl", ["-s", "-m", "5", `http://${address}:8080/`]).status, { timeout: 30_000 })
      .not.toBe(0);
    expect(scrape(`${address}:15020`)).toMatch(
      /^envoy_tcp_downstream_cx_no_route\{envoy_tcp_prefix="outside"\} [1-9]/m,
    );
    expect(call("shop", "--count=1", "http://cart/")).toContain("X-Mesh:routed");
    kubectl("-n", "shop", "delete", "accesspolicy", "strict");
  });

  test("replicas count what they serve and write", () => {
    const replicas = kubectl(
      "-n",
      "trilith-system",
      "get",
      "pods",
      "-l",
      "app.kubernetes.io/name=trilith",
      "-o",
      "jsonpath={.items[*].status.podIP}",
    ).split(" ");
    const pages = replicas.map((address) => scrape(`${address}:19000`, "/metrics"));
    const sum = (series: string): number =>
      pages
        .flatMap((page) => page.split("\n"))
        .filter((line) => line.startsWith(`${series} `))
        .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
    expect([
      sum('trilith_proxies_connected{role="gateway"}'),
      sum('trilith_proxies_connected{role="sidecar"}'),
      sum('trilith_status_writes_total{kind="Gateway",outcome="written"}') > 0,
      sum('trilith_events_dropped_total{cause="failed"}'),
    ]).toEqual([1, 2, true, 0]);
  });

  test("trilith get looks into the replicas through the API server and the kubelet", () => {
    const { status, output } = trilith("get", "listeners", "-n", "shop");
    expect([status, output]).toEqual([0, expect.stringMatching(/listener +Service\/shop\/cart\/80 +acknowledged/)]);
  });

  test("trilith top tells who calls whom, how often and how fast, from a terminal or for programs", async () => {
    const calling = used.cluster.kubectlBeside(clientOf("shop", "caller", "--count=400", "--qps=20", "http://cart/"));
    const { status, output } = trilith("top", "--once", "--interval", "5", "-o", "json", "-n", "shop");
    const rates = JSON.parse(output) as readonly CallRate[];
    const call = rates.find(({ source, kind }) => source === "shop/caller" && kind === "requests");
    expect([status, call]).toEqual([
      0,
      {
        source: "shop/caller",
        destination: "shop/cart",
        workload: "cart",
        kind: "requests",
        security: "mTLS",
        perSecond: expect.any(Number),
        failedShare: 0,
        bytesPerSecond: expect.any(Number),
        p50Ms: expect.any(Number),
        p99Ms: expect.any(Number),
      },
    ]);
    expect(call?.perSecond).toBeGreaterThan(1);
    await calling;
  });

  test("trilith status mesh tells of each proxy whether it is in sync, until when its identity holds, and its replica", () => {
    const { status, output } = trilith("status", "mesh", "-o", "json");
    const proxies = JSON.parse(output) as readonly MeshProxy[];
    expect(status).toBe(0);
    expect(proxies.map(({ proxy, state, behind }) => [proxy, state, behind])).toEqual([
      ["shop/web", "in sync", 0],
      ["mesh/shop/caller", "in sync", 0],
      ["mesh/shop/cart", "in sync", 0],
    ]);
    const hours = proxies.map(({ identityUntil = "" }) => (Date.parse(identityUntil) - Date.now()) / 3_600_000);
    expect(hours.every((left) => left > 22 && left <= 24)).toBe(true);
    expect(proxies.every(({ replica }) => replica?.startsWith("trilith-"))).toBe(true);
    expect(trilith("status", "mesh", "-n", "plain").output).toBe("no proxies\n");
  });

  test("a policy for the mesh has calls carry a trace, and sidecars send spans as members of it", async () => {
    apply(collector, collectorGrant, tracing);
    await expect
      .poll(() => call("shop", "--count=1", "http://cart/"), { timeout: 30_000 })
      .toMatch(/RequestHeader=Traceparent:00-\w{32}-\w{16}-01/);
    const senders = (): unknown[] =>
      used
        .sidecarLog("shop", "deploy/cart")
        .filter((line) => line.includes('"/v1/traces"'))
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
        .map((line) => [line["sourceIdentity"], line["destinationWorkload"], line["status"]]);
    await expect.poll(senders, { timeout: 30_000 }).toContainEqual([id("caller"), "cart", 200]);
    const reasons = "jsonpath={.status.ancestors[*].conditions[*].reason}";
    expect(kubectl("-n", "trilith-system", "get", "xtelemetrypolicy", "mesh", "-o", reasons)).toBe(
      "Accepted ResolvedRefs",
    );
    kubectl("-n", "trilith-system", "delete", "xtelemetrypolicy", "mesh");
  });
});
