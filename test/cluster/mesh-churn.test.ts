/**
 * Calls across the mesh that go on while everything about it changes: certificates and what signs them, policies, the control plane, and
 * the pods on both sides of the calls. No call may fail. Certificates live minutes here, and all that follows from that keeps its
 * proportion to a day (src/identity/identity-times.ts).
 */
import { X509Certificate } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { tell } from "../support/tell.ts";
import { clientOf, countStatuses, echoDeployment, namespaceObject } from "./echo-workload.ts";
import { accessPolicy, echoService, serviceParent, webGateway } from "./mesh-objects.ts";
import { startUsers } from "./start-users.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

/** Renewed every ten seconds. A root is introduced as shortly as the kubelet allows, which brings it to the proxies. */
const LIFE = ["--certificate-life=4m", "--root-introduction=3m"];

const used = useTrilithCluster(
  ({ apply, untilRolledOut, kubectl }) => {
    apply(namespaceObject("shop", { "trilith.dev/mesh": "enabled" }));
    apply(workload("caller"), workload("cart"), service, httpRoute, grpcRoute, gateway);
    untilRolledOut(["shop", "deployment/caller"], ["shop", "deployment/cart"]);
    kubectl("-n", "shop", "wait", "--for=condition=Programmed", "gateway/door", "--timeout=60s");
  },
  { withinMs: 300_000, options: LIFE },
);
const { kubectl, apply } = used;

/** One that goes is not sent new calls by the time it stops taking them, as any workload has to see to. */
const preStop = { sleep: { seconds: 5 } };

const workload = (name: string): object => {
  const { spec, ...rest } = echoDeployment("shop", name, {
    args: ["--port=8080", "--grpc=7070"],
    pod: { terminationGracePeriodSeconds: 15 },
    container: {
      readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
      lifecycle: { preStop },
    },
  });
  return { ...rest, spec: { ...spec, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } };
};

const service = echoService("shop", "cart", [
  { name: "http", port: 80, targetPort: 8080 },
  { name: "h2", port: 81, targetPort: 8080, appProtocol: "kubernetes.io/h2c" },
  { name: "grpc", port: 7070 },
]);
const route = (kind: string, name: string, parentRefs: readonly object[], port: number): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { name, namespace: "shop" },
  spec: { parentRefs, rules: [{ backendRefs: [{ name: "cart", port }] }] },
});
const cart = (port: number): object => serviceParent("cart", port);
const httpRoute = route("HTTPRoute", "cart", [cart(80), cart(81), { name: "door" }], 80);
const grpcRoute = route("GRPCRoute", "cart-grpc", [cart(7070)], 7070);
const gateway = webGateway("shop", "door");
const policy = (name: string, spec: object): object => accessPolicy("shop", name, spec);

const CALLS = {
  "HTTP/1.1": ["http://cart/"],
  "HTTP/2": ["--http2", "http://cart:81/"],
  gRPC: ["grpc://cart:7070"],
} as const;
type Protocol = keyof typeof CALLS;

interface Counted {
  calls: number;
  readonly failures: string[];
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** One client after the other, each of which keeps its connection. */
async function callUntil(isOver: () => boolean, protocol: Protocol): Promise<Counted> {
  const counted: Counted = { calls: 0, failures: [] };
  const args = ["--count=100", "--qps=25", "--timeout=30s", ...CALLS[protocol]];
  while (!isOver()) {
    const { output } = await used.cluster.kubectlBeside(clientOf("shop", "caller", ...args));
    const statuses = countStatuses(output);
    counted.calls += sumOf(statuses);
    if (statuses["200"] === 100) continue;
    counted.failures.push(output.split("\n").find((line) => /error|StatusCode=[^2]/i.test(line)) ?? output.slice(-300));
  }
  return counted;
}

/** Users of a Gateway, some on kept connections: from there on it is mutual TLS, too. */
async function throughGateway(while_: Promise<unknown>): Promise<Counted> {
  const address = kubectl("-n", "shop", "get", "gateway/door", "-o", "jsonpath={.status.addresses[0].value}");
  const stop = startUsers(used.cluster, { address, host: "cart" }, ["http1", "http1-new"]);
  await while_.catch(() => {});
  const { counts, wrong } = await stop();
  return { calls: sumOf(counts), failures: [...wrong] };
}

/** What became of all calls while `change` went on. */
async function expectNoFailure(what: string, change: () => Promise<void>): Promise<void> {
  let isOver = false;
  const changing = change().finally(() => (isOver = true));
  const callers = (Object.keys(CALLS) as Protocol[]).map((protocol) => callUntil(() => isOver, protocol));
  const all = [...callers, throughGateway(changing)];
  await changing;
  const counted = await Promise.all(all);
  const names = [...Object.keys(CALLS), "through the Gateway"];
  const shown = counted.map(
    ({ calls, failures }, index) => `${names[index]}: ${calls} calls, ${failures.length} failed`,
  );
  tell(`${what}: ${shown.join("; ")}`);
  expect(counted.flatMap((one) => one.failures)).toEqual([]);
  expect(Math.min(...counted.map(({ calls }) => calls))).toBeGreaterThanOrEqual(100);
}

const podOf = (name: string): string =>
  kubectl("-n", "shop", "get", "pods", "-l", `name=${name}`, "-o", "jsonpath={.items[0].status.podIP}");

/** What the sidecar of the callee shows: its own certificate, and the root's name for what signed that. */
function shown(): { readonly serial: string; readonly chain: readonly string[] } {
  const target = ["-connect", `${podOf("cart")}:8080`, "-alpn", "trilith", "-showcerts"];
  const { output } = used.cluster.run("openssl", ["s_client", ...target], { input: "" });
  const chain = output.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return { serial: chain[0] === undefined ? "" : new X509Certificate(chain[0]).serialNumber, chain };
}

const authorityField = (field: string): string => {
  const path = `jsonpath={.data.${field.replaceAll(".", String.raw`\.`)}}`;
  return Buffer.from(kubectl("-n", "trilith-system", "get", "secret/trilith-ca", "-o", path), "base64").toString();
};

/** Whether what the callee shows was signed, by way of an intermediate authority, by this root. */
function isSignedBy(root: string): boolean {
  const [, intermediate] = shown().chain;
  return intermediate !== undefined && new X509Certificate(intermediate).verify(new X509Certificate(root).publicKey);
}

/** Makes other pods of a Deployment, and waits until the old ones are gone. */
async function roll(space: string, deployment: string, selector: string): Promise<void> {
  const old = kubectl("-n", space, "get", "pods", "-l", selector, "-o", "name").trim().split("\n");
  kubectl("-n", space, "rollout", "restart", `deployment/${deployment}`);
  const waits = [
    ["rollout", "status", `deployment/${deployment}`, "--timeout=150s"],
    ["wait", "--for=delete", ...old, "--timeout=150s"],
  ];
  for (const wait of waits) {
    const { status, output } = await used.cluster.kubectlBeside(["-n", space, ...wait]);
    if (status !== 0) throw new Error(output);
  }
}

const PATIENCE = { timeout: 150_000, interval: 1_000 };
/** Until a root that was asked for signs: it is introduced for three minutes. */
const ROTATION = { timeout: 300_000, interval: 1_000 };

describe.skipIf(!inject("canRunCluster"))("no call across the mesh fails", { timeout: 600_000 }, () => {
  test("while certificates are renewed, policies change, and the root with all that it signs is rotated", async () => {
    const before = authorityField("tls.crt");
    await expectNoFailure("certificates, policies and the root", async () => {
      const serials = new Set<string>();
      let changes = 0;
      const changePolicies = (): void => {
        changes += 1;
        const members = { rules: [{ sources: [{ type: "Mesh" }] }] };
        apply(
          policy("members", changes % 2 === 0 ? members : { ...members, mode: "Audit" }),
          policy("strict", {
            action: "Deny",
            rules: [{ sources: [{ type: "Outside" }], requests: [{ ports: [changes] }] }],
          }),
        );
      };
      const seen = (): number => {
        changePolicies();
        return serials.add(shown().serial).size;
      };
      await expect.poll(seen, PATIENCE).toBeGreaterThanOrEqual(3);
      kubectl("-n", "trilith-system", "annotate", "secret/trilith-ca", "trilith.dev/rotate-root=now");
      await expect.poll(() => authorityField("former.crt"), ROTATION).toBe(before);
      const root = authorityField("tls.crt");
      expect(root).not.toBe(before);
      await expect.poll(() => isSignedBy(root), PATIENCE).toBe(true);
      tell(`${serials.size} certificates of one workload, ${changes} changes of two policies`);
    });
  });

  test("while the pods that are called, and every replica of the control plane, are replaced", async () => {
    await expectNoFailure("pods and the control plane", async () => {
      await roll("shop", "cart", "name=cart");
      await roll("trilith-system", "trilith", "app.kubernetes.io/name=trilith");
      await roll("shop", "cart", "name=cart");
    });
  });
});
