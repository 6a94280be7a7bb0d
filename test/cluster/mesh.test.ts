/**
 * What the conformance suite does not ask of a mesh: who speaks mutual TLS with whom, where half of a Service, or a caller, is
 * outside, and what goes on while the control plane is replaced.
 */
import { describe, expect, inject, test } from "vitest";
import { clientOf, countStatuses, echoDeployment, namespaceObject } from "./echo-workload.ts";
import { ECHO_PORTS, echoService, httpRoute, MARKED, serviceParent, webGateway } from "./mesh-objects.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const used = useTrilithCluster(({ apply, untilRolledOut, kubectl }) => {
  // Pods that come before their namespace's first ConfigMap wait for it.
  apply(namespaceObject("shop", { "trilith.dev/mesh": "enabled" }), namespaceObject("plain"));
  apply(
    echoDeployment("shop", "caller", { args: ARGUMENTS }),
    echoDeployment("shop", "inside", { args: ARGUMENTS, labels: { app: "api" } }),
    echoDeployment("shop", "outside", { args: ARGUMENTS, labels: { app: "api", "trilith.dev/mesh": "disabled" } }),
    echoDeployment("plain", "caller", { args: ARGUMENTS }),
    echoDeployment("shop", "answering", { args: ["--port=8081"], labels: { flaky: "yes" } }),
    echoDeployment("shop", "refusing", { args: ARGUMENTS, labels: { flaky: "yes" } }),
    api,
    flaky,
    flakyRoute,
    gateway,
    gatewayRoute,
  );
  untilRolledOut(...WORKLOADS);
  kubectl("-n", "shop", "wait", "--for=condition=Programmed", "gateway/web", "--timeout=60s");
});
const { kubectl, apply } = used;

const WORKLOADS = [
  ["shop", "deployment/caller"],
  ["shop", "deployment/inside"],
  ["shop", "deployment/outside"],
  ["shop", "deployment/answering"],
  ["shop", "deployment/refusing"],
  ["plain", "deployment/caller"],
] as const;

const ARGUMENTS = ["--port=8080", "--tcp=9090", "--port=8443", "--tls=8443", "--crt=/cert.crt", "--key=/cert.key"];

const api = echoService("shop", "api", [...ECHO_PORTS, { name: "https", port: 443, targetPort: 8443 }], {
  selector: { app: "api" },
});
const gateway = webGateway("shop", "web");
const gatewayRoute = httpRoute("shop", "api", [{ name: "web" }], "api");
/** One of its two pods listens; the sidecar of the other one does. */
const flaky = echoService("shop", "flaky", [{ port: 80, targetPort: 8081 }], { selector: { flaky: "yes" } });
const flakyRoute = httpRoute("shop", "flaky", [serviceParent("flaky")], "flaky", {
  retry: { attempts: 5, backoff: "10ms" },
});
/** For calls within the mesh. */
const meshRoute = httpRoute("shop", "within", [serviceParent("api")], "api", MARKED);

/** What the client in a namespace's caller says. */
const call = (space: string, ...args: readonly string[]): string => kubectl(...clientOf(space, "caller", ...args));

/** The Deployments whose pods answered. */
const answeredBy = (output: string): string[] =>
  [...new Set([...output.matchAll(/Hostname=(\w+)-/g)].flatMap(([, name]) => name ?? []))].sort();

const statusesIn = (output: string): string[] => Object.keys(countStatuses(output));

/** How many connections the sidecar of `inside` took since `calls` began: those of the mesh, and plain ones. */
async function connectionsOf(calls: () => void): Promise<{ readonly mesh: boolean; readonly plain: boolean }> {
  const lines = (): string[] => used.sidecarLog("shop", "deploy/inside");
  const before = lines().length;
  calls();
  // A line is written some time after the connection has ended.
  const after = (): string[] => lines().slice(before - 1);
  await expect
    .poll(() => after().filter((line) => line.includes('"listener"')).length, { timeout: 40_000 })
    .toBeGreaterThan(0);
  return {
    mesh: after().some((line) => line.includes('"listener":"mesh"')),
    plain: after().some((line) => line.includes('"listener":"plain"')),
  };
}

const podAddress = (name: string): string =>
  kubectl("-n", "shop", "get", "pods", "-l", `name=${name}`, "-o", "jsonpath={.items[0].status.podIP}");

const CONTAINERS = "{.items[0].spec.initContainers[*].name} {.items[0].spec.containers[*].name}";

const containersOf = (selector: string): string =>
  kubectl("-n", "shop", "get", "pods", "-l", selector, "-o", `jsonpath=${CONTAINERS}`).trim();

describe.skipIf(!inject("canRunCluster"))("in the mesh", { timeout: 180_000 }, () => {
  test("pods have a sidecar but for those that say no, and Gateways' Envoys, which are members by themselves", () => {
    const gatewayPods = "gateway.networking.k8s.io/gateway-name=web";
    expect(["name=inside", "name=outside", gatewayPods].map(containersOf)).toEqual([
      "trilith-capture trilith-proxy echo",
      "echo",
      "envoy",
    ]);
  });

  test("both halves of a Service answer, whether a route speaks for it or not", async () => {
    const straight = call("shop", "--count=40", "http://api/");
    apply(meshRoute);
    await expect.poll(() => call("shop", "http://api/"), { timeout: 20_000 }).toContain("X-Mesh:routed");
    const routed = call("shop", "--count=40", "http://api/");
    expect([straight, routed].map((output) => [answeredBy(output), statusesIn(output)])).toEqual([
      [["inside", "outside"], ["200"]],
      [["inside", "outside"], ["200"]],
    ]);
  });

  test("what is no HTTP goes straight on, on a port of the route's as well", () => {
    expect(call("shop", "--count=4", "tcp://api:9090")).toContain("All 4 requests succeeded");
  });

  test("TLS of the workloads themselves goes through as it is, from callers in the mesh and outside", () => {
    const outputs = ["shop", "plain"].map((space) =>
      call(space, "--count=10", "--insecure-skip-verify", "https://api.shop/"),
    );
    expect(outputs.map((output) => [answeredBy(output), statusesIn(output)])).toEqual([
      [["inside", "outside"], ["200"]],
      [["inside", "outside"], ["200"]],
    ]);
  });

  test("callers in it come with mutual TLS, Gateways among them, and callers outside in plain text", async () => {
    const address = kubectl("-n", "shop", "get", "gateway/web", "-o", "jsonpath={.status.addresses[0].value}");
    const throughGateway = (): void => {
      for (let count = 0; count < 10; count += 1) used.cluster.run("curl", ["-s", "-m", "5", `http://${address}/`]);
    };
    expect([
      await connectionsOf(() => void call("shop", "--count=20", "http://api/")),
      await connectionsOf(throughGateway),
      await connectionsOf(() => void call("plain", "--count=20", "http://api.shop/")),
    ]).toEqual([
      { mesh: true, plain: false },
      { mesh: true, plain: false },
      { mesh: false, plain: true },
    ]);
  });

  test("a request that a sidecar cannot hand over is tried elsewhere, where its route retries", async () => {
    await expect.poll(() => call("shop", "http://flaky/"), { timeout: 20_000 }).toContain("Hostname=answering");
    const output = call("shop", "--count=40", "http://flaky/");
    expect([answeredBy(output), statusesIn(output), /unreached/i.test(output)]).toEqual([
      ["answering"],
      ["200"],
      false,
    ]);
  });

  test("nobody is let in by the mesh's TLS who has no certificate of it", () => {
    const target = `${podAddress("inside")}:8080`;
    const ask = (...options: readonly string[]): string =>
      used.cluster.run("openssl", ["s_client", "-quiet", "-connect", target, ...options], {
        input: "GET / HTTP/1.0\r\n\r\n",
      }).output;
    expect(ask("-alpn", "trilith")).toMatch(/certificate required/);
    expect(used.cluster.run("curl", ["-s", "-m", "5", `http://${target}/`]).output).toContain("Hostname=inside");
  });

  test("calls go on while every replica of the control plane is replaced", () => {
    kubectl("-n", "trilith-system", "rollout", "restart", "deployment/trilith");
    const output = call("shop", "--count=400", "--qps=40", "--timeout=60s", "http://api/");
    kubectl("-n", "trilith-system", "rollout", "status", "deployment/trilith", "--timeout=90s");
    expect(countStatuses(output)).toEqual({ 200: 400 });
  });
});
