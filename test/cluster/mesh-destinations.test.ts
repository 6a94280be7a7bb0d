/**
 * Where calls of workloads in the mesh go, by the address that they are made to: to Services that nobody called before, with routes and
 * without; to pods by their own addresses; and what is left alone. What a sidecar knows of the cluster is counted by what it has.
 */
import { describe, expect, inject, test } from "vitest";
import { countStatuses, echoDeployment, echoPod, echoWithAccount, namespaceObject } from "./echo-workload.ts";
import {
  bounded,
  byName,
  database,
  partnerAndWaysOut,
  type PlacedEndpoint,
  routeTo,
  service,
  withEndpoints,
} from "./mesh-destination-objects.ts";
import { observeMesh, requestsIn } from "./mesh-observer.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const used = useTrilithCluster(
  async ({ kubectl, apply, untilRolledOut }) => {
    kubectl("label", "node", NODE, `topology.kubernetes.io/zone=${ZONE}`);
    apply(
      namespaceObject("shop", { "trilith.dev/mesh": "enabled" }),
      namespaceObject("closed", { "trilith.dev/mesh": "enabled", "trilith.dev/unknown-destinations": "refuse" }),
      namespaceObject("plain"),
    );
    apply(
      echoDeployment("shop", "caller"),
      echoDeployment("shop", "server", { args: SERVED }),
      ...database,
      echoDeployment("closed", "caller"),
      ...echoWithAccount("closed", "visitor"),
      echoDeployment("plain", "caller"),
      echoDeployment("plain", "on-the-node", { args: ["--port=28080"], pod: { hostNetwork: true } }),
      echoDeployment("shop", "excluding", {
        annotations: {
          "trilith.dev/exclude-inbound-ports": "9090",
          "trilith.dev/exclude-outbound-ports": "9090",
          "trilith.dev/exclude-outbound-networks": SERVICES,
        },
      }),
      ...(await partnerAndWaysOut()),
      ...byName,
      { ...many, spec: { ...many.spec, replicas: 3 } },
      service("loose", 80, { selector: { name: "many" } }),
      service("sticky", 80, { selector: { name: "many" }, sessionAffinity: "ClientIP" }),
      service("sticky-with-route", 80, { selector: { name: "many" }, sessionAffinity: "ClientIP" }),
      routeTo("sticky-with-route", 80),
      service("greeter", 3306),
      service("greeter-with-route", 3306),
      routeTo("greeter-with-route", 3306),
      ...bounded,
      routeTo("bounded", 80),
    );
    untilRolledOut(...WORKLOADS);
  },
  { withinMs: 420_000 },
);
const { kubectl, apply } = used;

/** By the pods of "server". */
const SERVED = ["--port=8080", "--tcp=9090", "--tcp=3306", "--server-first=3306", "--udp=9091"];
/** The only one, and where it is. */
const NODE = "node";
const ZONE = "east";
/** Addresses of Services, in the test cluster. */
const SERVICES = "10.97.0.0/16";
/** For what follows a change. */
const settled = { timeout: 20_000 };
const many = echoDeployment("shop", "many");

const WORKLOADS = [
  ["shop", "deployment/caller"],
  ["shop", "deployment/server"],
  ["shop", "statefulset/db"],
  ["shop", "deployment/many"],
  ["shop", "deployment/excluding"],
  ["closed", "deployment/caller"],
  ["closed", "deployment/visitor"],
  ["infra", "deployment/egress-trilith"],
  ["plain", "deployment/caller"],
  ["plain", "deployment/on-the-node"],
  ["plain", "deployment/partner"],
] as const;

const { callAs, call, addressOf, addressOfGateway, arrivalsAt, podsBehind, metricsAt } = observeMesh(used);

const CONTAINERS = "jsonpath={.items[0].spec.initContainers[*].name}{.items[0].spec.containers[*].name}";

/** How many clusters the caller's sidecar has, in Envoy's sense: one for each thing that it can send to. */
const knownToCaller = (): number =>
  Number(/^envoy_cluster_manager_active_clusters\S* (\d+)/m.exec(metricsAt(addressOf("caller")))?.[1]);

describe.skipIf(!inject("canRunCluster"))("a workload in the mesh", { timeout: 180_000 }, () => {
  test("calls a Service that it never called before, and already the first call goes by its routes", async () => {
    apply(service("fresh", 80), routeTo("fresh", 80));
    kubectl("-n", "shop", "wait", "--for=jsonpath={.status.parents[0].conditions[0].status}=True", "httproute/fresh");
    // One more try only where its cluster's DNS does not know the name yet.
    await expect.poll(() => call("shop", "http://fresh/"), { timeout: 20_000 }).toMatch(/X-Mesh:routed|no such host/);
    expect(call("shop", "http://fresh/")).toContain("X-Mesh:routed");
  });

  test("knows nothing of Services that it does not call, however many there are", async () => {
    const before = knownToCaller();
    apply(...Array.from({ length: 50 }, (_, index) => service(`uncalled-${index}`, 80)));
    apply(service("called", 80));
    await expect.poll(() => call("shop", "http://called/"), { timeout: 20_000 }).toContain("StatusCode=200");
    expect(knownToCaller()).toBe(before + 1);
  });

  test("calls a pod by its own address, and by its name in a headless Service, with mutual TLS", async () => {
    const toAddress = await arrivalsAt("deploy/server", () => void call("shop", `http://${addressOf("server")}:8080/`));
    const toName = await arrivalsAt("db-0", () => void call("shop", "http://db-0.db:8080/"));
    expect([toAddress, toName]).toEqual([["mesh"], ["mesh"]]);
  });

  test("is followed when a route for a Service that it calls comes, and when it goes", async () => {
    apply(service("changing", 80));
    await expect.poll(() => call("shop", "http://changing/"), { timeout: 20_000 }).toContain("StatusCode=200");
    expect(call("shop", "http://changing/")).not.toContain("X-Mesh:routed");
    apply(routeTo("changing", 80));
    await expect.poll(() => call("shop", "http://changing/"), { timeout: 20_000 }).toContain("X-Mesh:routed");
    kubectl("-n", "shop", "delete", "httproute/changing");
    const output = call("shop", "--count=200", "--qps=40", "--timeout=60s", "http://changing/");
    expect(countStatuses(output)).toEqual({ 200: 200 });
    expect(call("shop", "http://changing/")).not.toContain("X-Mesh:routed");
  });

  test("keeps to one endpoint where the Service says so, with a route and without", () => {
    expect(["loose", "sticky", "sticky-with-route"].map((name) => podsBehind(name).length)).toEqual([3, 1, 1]);
  });

  test("calls endpoints that are near, where a Service asks for that, with a route and without", async () => {
    const [server, db] = [addressOf("server"), addressOf("db")];
    const placed = (zoneOfServer: string, zoneOfDb: string): readonly PlacedEndpoint[] => [
      { address: server, node: NODE, zone: zoneOfServer },
      { address: db, node: "another", zone: zoneOfDb },
    ];
    const both: readonly PlacedEndpoint[] = [
      { address: server, node: NODE },
      { address: db, node: "another" },
    ];
    apply(
      ...withEndpoints("near", placed(ZONE, "west")),
      ...withEndpoints("near-with-route", placed(ZONE, "west")),
      routeTo("near-with-route", 80),
      ...withEndpoints("far", placed("west", "west")),
      ...withEndpoints("kept", both, { internalTrafficPolicy: "Local" }),
      ...withEndpoints("kept-away", both.slice(1), { internalTrafficPolicy: "Local" }),
    );
    await expect.poll(() => podsBehind("near"), { timeout: 20_000 }).toEqual([expect.stringMatching(/^server-/)]);
    await expect.poll(() => call("shop", "http://near-with-route/"), settled).toContain("X-Mesh:routed");
    expect(podsBehind("near-with-route")).toEqual([expect.stringMatching(/^server-/)]);
    expect(podsBehind("far")).toEqual(["db-0", expect.stringMatching(/^server-/)]);
    expect(podsBehind("kept")).toEqual([expect.stringMatching(/^server-/)]);
    expect(() => call("shop", "http://kept-away/")).toThrow(/EOF|reset/);
    apply(...withEndpoints("near", placed("west", ZONE)));
    await expect.poll(() => podsBehind("near"), settled).toEqual(["db-0"]);
  });

  test("keeps to what the owner of a Service asks for: what is beyond its bounds is refused at once, and counted", () => {
    const output = call("shop", "--count=10", "http://bounded/?delay=300ms");
    expect(Object.keys(countStatuses(output)).sort()).toEqual(["200", "503"]);
    const overflows = /^envoy_cluster_upstream_rq_pending_overflow\S*shop\/bounded\S* (\d+)/m.exec(
      metricsAt(addressOf("caller")),
    );
    expect(Number(overflows?.[1])).toBeGreaterThan(0);
  });

  test("is greeted by a server that speaks first, with a route on the port and without", () => {
    const outputs = ["greeter", "greeter-with-route"].map((name) =>
      call("shop", "--server-first", "--count=2", `tcp://${name}:3306`),
    );
    for (const output of outputs) expect(output).toContain("All 2 requests succeeded");
  });

  test("greets callers outside the mesh as well, if it speaks first", () => {
    expect(call("plain", "--server-first", "--count=2", "tcp://greeter.shop:3306")).toContain(
      "All 2 requests succeeded",
    );
  });

  test("reaches a backend outside by a Service in front of it, with TLS spoken for it, if policies let it, and the log names the backend", async () => {
    await expect.poll(() => call("closed", "http://payments/"), { timeout: 30_000 }).toContain("StatusCode=200");
    expect(call("closed", "http://payments/")).toMatch(/ServicePort=8443[^]*Hostname=partner-/);
    await expect
      .poll(() => used.sidecarLog("closed", "deploy/caller").join("\n"), { timeout: 20_000 })
      .toContain('"backend":"XBackend/closed/partner:8443"');
    expect(callAs("closed", "visitor", "http://payments/")).toContain("StatusCode=403");
    expect(metricsAt(addressOf("visitor", "closed"))).toMatch(
      /^envoy_http_rbac_denied\{envoy_rbac_http_prefix="backend"\S* 1$/m,
    );
  });

  test("is refused what nobody in the cluster is, where its namespace says so: told by the log, and counted", async () => {
    const node = addressOf("on-the-node", "plain");
    expect(call("shop", `http://${node}:28080/`)).toContain("StatusCode=200");
    expect(() => call("closed", `http://${node}:28080/`)).toThrow(/EOF|reset/);
    expect(() => call("closed", "http://203.0.113.1/")).toThrow(/EOF|reset/);
    expect(call("closed", "http://fresh.shop/")).toContain("StatusCode=200");
    await expect
      .poll(() => used.sidecarLog("closed", "deploy/caller").join("\n"), { timeout: 20_000 })
      .toMatch(new RegExp(`"destination":"${node}:28080"[^\n]*"flags":"NoClusterFound"`));
    const page = metricsAt(addressOf("caller", "closed"));
    expect(Number(/^envoy_tcp_downstream_cx_no_route\{envoy_tcp_prefix="outbound"\} (\d+)/m.exec(page)?.[1])).toBe(2);
  });

  test("is refused what an ExternalName leads to, unless it is a Service's or a route leads there", async () => {
    expect(call("shop", "http://elsewhere:28080/")).toContain("StatusCode=200");
    expect(() => call("closed", "http://elsewhere:28080/")).toThrow(/EOF|reset/);
    await expect.poll(() => call("closed", "http://to-elsewhere/"), { timeout: 30_000 }).toContain("StatusCode=200");
  });

  test("goes out through a Gateway with its identity: the Gateway says who may, and both count who did", async () => {
    const [out, straight] = ["http://by-gateway/", "http://egress-trilith.infra/"];
    await expect.poll(() => call("closed", out), { timeout: 30_000 }).toMatch(/StatusCode=200[^]*Hostname=partner-/);
    expect([call("closed", straight), call("closed", "--http2", straight)]).toEqual([
      expect.stringContaining("StatusCode=200"),
      expect.stringContaining("StatusCode=200"),
    ]);
    expect([callAs("closed", "visitor", out), call("plain", straight)]).toEqual([
      expect.stringContaining("StatusCode=403"),
      expect.stringContaining("StatusCode=403"),
    ]);
    const identity = (namespace: string, account: string): string =>
      `spiffe://cluster.local/ns/${namespace}/sa/${account}`;
    const gateway = identity("infra", "egress-trilith");
    const ofGateway = metricsAt(addressOfGateway("egress"), 19_001);
    expect(
      requestsIn(metricsAt(addressOf("caller", "closed")), "destination_service", "destination_identity", "tls"),
    ).toContain(`egress-trilith ${gateway} TLSv1.3`);
    expect(requestsIn(ofGateway, "reporter", "source_identity", "response_class")).toEqual(
      expect.arrayContaining([
        `destination ${identity("closed", "default")} 2xx`,
        `destination ${identity("closed", "visitor")} 4xx`,
      ]),
    );
    expect(requestsIn(ofGateway, "source_identity", "destination_service", "tls")).toContain(
      `${gateway} partner TLSv1.3`,
    );
  });

  test("that has the network of its node has no sidecar, and is called as it is", () => {
    const containers = kubectl("-n", "plain", "get", "pods", "-l", "name=on-the-node", "-o", CONTAINERS);
    expect(containers).toBe("echo");
    expect(call("shop", `http://${addressOf("on-the-node", "plain")}:28080/`)).toContain("StatusCode=200");
  });

  test("is left alone on the ports that it excludes, in either direction", async () => {
    const target = addressOf("excluding");
    const logOf = (): string => used.sidecarLog("shop", "deploy/excluding").join("\n");
    // A caller outside comes to the workload itself: the sidecar logs the call to the other port alone.
    expect(call("plain", "--count=2", `tcp://${target}:9090`)).toContain("All 2 requests succeeded");
    kubectl(
      "-n",
      "shop",
      "exec",
      "deploy/excluding",
      "-c",
      "echo",
      "--",
      "client",
      `tcp://${addressOf("server")}:9090`,
    );
    expect(call("plain", `http://${target}:8080/`)).toContain("StatusCode=200");
    await expect.poll(logOf, { timeout: 20_000 }).toContain('"listener":"plain"');
    expect(logOf()).not.toContain(":9090");
  });

  test("speaks plain text to ports that another excludes, and to those of its sidecar", () => {
    const target = addressOf("excluding");
    expect(call("shop", "--count=2", `tcp://${target}:9090`)).toContain("All 2 requests succeeded");
    expect(call("shop", `http://${target}:15020/ready`)).toContain("StatusCode=200");
  });

  test("calls networks that it excludes by itself, past its sidecar", async () => {
    const calls = (): string => callAs("shop", "excluding", "http://past-sidecars/");
    apply(service("past-sidecars", 80, { selector: { name: "db" } }));
    await expect.poll(calls, { timeout: 20_000 }).toContain("StatusCode=200");
    expect(await arrivalsAt("db-0", () => void calls())).toEqual(["plain"]);
  });

  test("sends and takes datagrams past its sidecar, also where its namespace refuses unknown destinations", () => {
    const target = `udp://${addressOf("server")}:9091`;
    for (const space of ["shop", "closed", "plain"]) expect(call(space, target)).toContain("StatusCode=200");
  });

  test("ends with its Job: the sidecar does not keep the pod", () => {
    const job = echoPod("once") as { readonly spec: { readonly containers: readonly object[] } };
    const [container] = job.spec.containers;
    const command = { command: ["/usr/local/bin/client", "--count=3", "http://fresh/"], args: [] };
    const spec = { ...job.spec, restartPolicy: "Never", containers: [{ ...container, ...command }] };
    apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "once", namespace: "shop" },
      spec: { backoffLimit: 0, template: { ...job, spec } },
    });
    kubectl("-n", "shop", "wait", "--for=condition=Complete", "job/once", "--timeout=90s");
    expect(countStatuses(kubectl("-n", "shop", "logs", "job/once", "-c", "echo"))).toEqual({ 200: 3 });
  });
});
