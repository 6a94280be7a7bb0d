/** What a real Envoy counts of requests and connections, and by which labels: those of a Gateway's caller side. */
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StatusMetrics } from "../../src/app/status-metrics.ts";
import { readPage, type Series } from "../../src/cli/traffic/prometheus-page.ts";
import { objectKey } from "../../src/resources/index.ts";
import { startGrpcBackend, startHttpBackend, startTcpBackend } from "../backends/index.ts";
import { askedMetrics, dashboardQueries } from "../support/dashboard-queries.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { callGrpc } from "../support/grpc-call.ts";
import { gateway, route, service, to, under } from "../support/manifests.ts";
import { plainRequest } from "../support/plain-request.ts";
import { ServedDirectory } from "../support/served-directory.ts";
import { exchangeLine } from "../support/stream-exchange.ts";

const seriesOf = (page: string): readonly Series[] =>
  readPage(page).flatMap(({ name, ...rest }) =>
    name.startsWith("envoy_trilith_") ? [{ name: name.slice("envoy_trilith_".length), ...rest }] : [],
  );

describe.skipIf(envoyBinary() === undefined)("traffic in metrics", { timeout: 60_000 }, () => {
  const running = new AsyncDisposableStack();
  let served: ServedDirectory;
  let ports: readonly number[] = [];

  beforeAll(async () => {
    ports = await freePorts(3);
    const [http, grpc, tcp] = [
      await startHttpBackend({ name: "cart" }),
      await startGrpcBackend({ name: "greeter" }),
      await startTcpBackend({ name: "db" }),
    ];
    for (const backend of [http, grpc, tcp]) running.defer(() => backend.close());
    const [httpPort = 0, tcpPort = 0, unused = 0] = ports;
    served = running.use(await ServedDirectory.create());
    served.write("shop.yaml", [
      gateway("web", [
        { name: "http", port: httpPort },
        { name: "tcp", port: tcpPort, protocol: "TCP" },
      ]),
      route({
        name: "shop",
        parent: "web",
        section: "http",
        hostnames: ["*.shop.test"],
        rules: [
          { matches: [under("/cart")], backendRefs: [to("cart")] },
          { matches: [under("/gone")], backendRefs: [to("gone")] },
        ],
      }),
      route({
        kind: "GRPCRoute",
        name: "greeter",
        parent: "web",
        section: "http",
        hostnames: ["grpc.test"],
        rules: [{ backendRefs: [to("greeter")] }],
      }),
      route({ kind: "TCPRoute", name: "db", parent: "web", section: "tcp", rules: [{ backendRefs: [to("db")] }] }),
      ...service("cart", [http.port]),
      ...service("gone", [unused]),
      ...service("greeter", [grpc.port]),
      ...service("db", [tcp.port]),
    ]);
    await served.start();
  }, 60_000);

  afterAll(() => running.disposeAsync());

  const greet = (): Promise<unknown> =>
    callGrpc({
      port: ports[0] ?? 0,
      authority: "grpc.test",
      path: "/greet.Greeter/SayHello",
      request: { text: "hello" },
    });

  const read = async (): Promise<readonly Series[]> => seriesOf((await served.ask("/metrics/proxy")).body);

  /** The sums of a metric's series by some of their labels, joined. */
  const sums = async (name: string, ...labels: readonly string[]): Promise<Readonly<Record<string, number>>> => {
    const sum: Record<string, number> = {};
    for (const series of (await read()).filter((each) => each.name === name)) {
      const key = labels.map((label) => series.labels[label] ?? "").join(" ");
      sum[key] = (sum[key] ?? 0) + series.value;
    }
    return sum;
  };

  test("requests are counted by Service, class of answer and gRPC status, and by nothing that a client chooses", async () => {
    const [http = 0] = ports;
    for (const path of ["/cart/a", "/cart/b", "/gone/c", "/nowhere"])
      await plainRequest(http, `host-${path.length}.shop.test`, path, { headers: { "x-user": path } });
    await greet();
    await expect
      .poll(
        () => sums("requests_total", "destination_namespace", "destination_service", "response_class", "grpc_status"),
        {
          timeout: 15_000,
        },
      )
      .toEqual({
        "default cart 2xx ": 2,
        "default gone 5xx ": 1,
        "default greeter 2xx OK": 1,
        "  4xx ": 1,
      });
    const labels = new Set((await read()).flatMap((series) => Object.keys(series.labels)));
    expect([...labels].sort()).toEqual([
      "destination_identity",
      "destination_namespace",
      "destination_service",
      "destination_workload",
      "grpc_status",
      "le",
      "reporter",
      "response_class",
      "source_identity",
      "source_namespace",
      "source_workload",
      "tls",
    ]);
  });

  test("how long requests took and how much they carried is told for each Service", async () => {
    const counted = async (): Promise<number> =>
      (await sums("request_duration_milliseconds_count", "destination_service"))["greeter"] ?? 0;
    const before = await counted();
    await greet();
    // Envoy brings histograms up to date when it is asked, and tells them when it is asked again.
    await expect.poll(counted, { timeout: 15_000 }).toBeGreaterThan(before);
    const bytes = await Promise.all(
      ["request_bytes_total", "response_bytes_total"].map((name) => sums(name, "destination_service")),
    );
    expect(bytes.map((sum) => (sum["greeter"] ?? 0) > 0)).toEqual([true, true]);
  });

  test("connections are counted when they reach their target and when they end, with their bytes", async () => {
    const [, tcp = 0] = ports;
    for (let count = 0; count < 3; count += 1) await exchangeLine(tcp, "hello");
    const all = async (): Promise<unknown> =>
      Promise.all(
        ["connections_opened_total", "connections_closed_total", "connection_received_bytes_total"].map((name) =>
          sums(name, "destination_namespace", "destination_service"),
        ),
      );
    await expect
      .poll(all, { timeout: 15_000 })
      .toEqual([{ "default db": 3 }, { "default db": 3 }, { "default db": 3 * "hello\n".length }]);
    // Each is told of in the access log once.
    await served.until(
      "three lines",
      () => served.access.filter(({ backend }) => backend === "Service/default/db:80").length === 3,
    );
  });

  test("what is counted beyond the bound would be told", async () => {
    const { body } = await served.ask("/metrics/proxy");
    expect(body).toMatch(/^envoy_server_stats_overflow_counter\{\} 0$/m);
  });

  test("the dashboard asks for metrics and labels that Envoy and Trilith really have, and for nothing else", async () => {
    const statuses = new Registry();
    const written = new StatusMetrics(statuses);
    const key = objectKey({ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "shop", name: "web" });
    written.countWrite({ kind: "conflict", key });
    const pages = [
      (await served.ask("/metrics/proxy")).body,
      (await served.ask("/metrics")).body,
      await statuses.metrics(),
      // Standalone, statuses are written nowhere, and wait for nothing.
      "trilith_status_backlog 0",
    ];
    const labelsByName = new Map<string, Set<string>>();
    for (const { name, labels } of pages.flatMap(readPage))
      labelsByName.set(name, new Set([...(labelsByName.get(name) ?? []), ...Object.keys(labels)]));
    const asked = dashboardQueries().flatMap(askedMetrics);
    const wrong = asked.filter(({ name, labels }) => {
      const known = labelsByName.get(name);
      return known === undefined || labels.some((label) => !known.has(label));
    });
    expect([asked.length > 25, wrong]).toEqual([true, []]);
  });

  test("a query about what there is not would be noticed", () => {
    expect(askedMetrics('sum by (role) (rate(trilith_none_total{kind=~"x",outcome!="y"}[1m]))')).toMatchObject([
      { name: "trilith_none_total", labels: ["role", "kind", "outcome"] },
    ]);
  });
});
