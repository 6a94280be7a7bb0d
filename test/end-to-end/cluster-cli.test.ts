/**
 * Commands that look into a cluster's replicas without a port-forward by hand: here the replicas are Triliths of this machine, and what
 * stands for the API server passes connections on to them.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdminServer, startHealthServer } from "../../src/admin/index.ts";
import type { CallRate } from "../../src/cli/traffic/rates.ts";
import { type PodGate, startPodGate } from "../../src/kubernetes/testing/pod-gate.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { gateway, route, service, to } from "../support/manifests.ts";
import { plainRequest } from "../support/plain-request.ts";
import { ServedDirectory } from "../support/served-directory.ts";

const root = join(import.meta.dirname, "..", "..");
const CONTROLLER = { "app.kubernetes.io/name": "trilith", "app.kubernetes.io/component": "controller" };

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

async function trilith(...args: readonly string[]): Promise<Ended> {
  const child = spawn(join(root, "bin", "trilith"), args, { stdio: ["ignore", "pipe", "pipe"] });
  const [code, out, error] = await Promise.all([
    new Promise<number | null>((resolve) => child.once("close", resolve)),
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
  ]);
  return { code, out: out.join(""), error: error.join("") };
}

describe.skipIf(envoyBinary() === undefined)("looking into the replicas of a cluster", { timeout: 60_000 }, () => {
  let served: ServedDirectory;
  let gate: PodGate;
  let unready: AdminServer;

  let ports: readonly number[];

  beforeAll(async () => {
    ports = await freePorts(2);
    const [port = 0, backend = 0] = ports;
    served = await ServedDirectory.create();
    served.write("shop.yaml", [
      gateway("web", [{ name: "http", port }]),
      route({ name: "cart", parent: "web", hostnames: ["cart.test"], rules: [{ backendRefs: [to("cart")] }] }),
      ...service("cart", [backend]),
    ]);
    await served.start();
    unready = await startHealthServer(
      { host: "127.0.0.1", port: 0 },
      { notReady: () => "it reads the cluster; still to come: HTTPRoute", metrics: () => Promise.reject(new Error()) },
    );
    const replica = { namespace: "trilith-system", labels: CONTROLLER, ports: { 19001: served.adminPort } };
    gate = await startPodGate({
      folder: served.root,
      tls: await selfSignedCertificate("gate"),
      pods: [
        { ...replica, name: "trilith-1" },
        { ...replica, name: "trilith-2" },
        // It is going: nobody listens there any more.
        { ...replica, name: "trilith-3", ports: { 19001: 0 } },
        { namespace: "trilith-system", name: "another", ports: {} },
        { ...replica, namespace: "starting", name: "trilith-1", isReady: false, ports: { 19001: unready.port } },
        { ...replica, namespace: "starting", name: "trilith-2" },
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await gate[Symbol.asyncDispose]();
    await unready[Symbol.asyncDispose]();
    await served[Symbol.asyncDispose]();
  });

  const inCluster = (...args: readonly string[]): Promise<Ended> => trilith(...args, "--kubeconfig", gate.kubeconfig);

  test("trilith get tells the same as it does of a Trilith on this machine", async () => {
    const [there, here] = [
      await inCluster("get", "hosts"),
      await trilith("get", "hosts", "--admin", String(served.adminPort)),
    ];
    expect([there.code, there.out]).toEqual([0, here.out]);
    expect(here.out).toMatch(/virtualHost .*cart\.test .*acknowledged .*HTTPRoute\/default\/cart/);
  });

  test("trilith envoy tells everything, or what was made of one namespace's objects", async () => {
    const all = JSON.parse((await inCluster("envoy", "-o", "json")).out) as { kind: string; proxies: number }[];
    const other = JSON.parse((await inCluster("envoy", "-o", "json", "-n", "bank")).out) as unknown[];
    expect([all.find(({ kind }) => kind === "listener")?.proxies, other]).toEqual([2, []]);
  });

  test("every replica that is ready is asked, through the API server alone", async () => {
    await inCluster("get", "hosts");
    const forwards = gate.asked.slice(-3).sort();
    expect(forwards).toEqual(
      [1, 2, 3].map((name) => `GET /api/v1/namespaces/trilith-system/pods/trilith-${name}/portforward?ports=19001`),
    );
  });

  test("without a replica it says where it looked, in one line", async () => {
    expect(await inCluster("get", "hosts", "--installation", "elsewhere")).toEqual({
      code: 2,
      out: "",
      error:
        "trilith: no replica of Trilith's controller is ready in namespace elsewhere; name where it is installed with --installation\n",
    });
  });

  test("trilith status tells which replica is not ready, and what it waits for", async () => {
    const { code, out, error } = await inCluster("status", "--installation", "starting");
    expect([code, error, out.split("\n").slice(-4)]).toEqual([
      0,
      "",
      [
        "",
        "warning: Pod starting/trilith-1: this replica of the controller is not ready: port 19001 of the pod starting/trilith-1: " +
          "it answered 503: not ready: it reads the cluster; still to come: HTTPRoute (replica-not-ready)",
        "    What was programmed before stays in force; statuses may be of before",
        "",
      ],
    ]);
  });

  test("trilith status mesh tells of every proxy, at each replica and on this machine", async () => {
    const [there, here] = [
      await inCluster("status", "mesh"),
      await trilith("status", "mesh", "--admin", String(served.adminPort)),
    ];
    expect([there.out, here.out].map((out) => out.replaceAll(/ {2,}/g, " "))).toEqual([
      expect.stringMatching(
        /^PROXY POD STATE BEHIND IDENTITY UNTIL REPLICA\nlocal \S+ in sync 0 trilith-1\nlocal \S+ in sync 0 trilith-2\n\n2 proxies: 2 in sync, 0 lagging, 0 not connected\n$/,
      ),
      expect.stringMatching(/\nlocal \S+ in sync 0 \d+\n\n1 proxies: /),
    ]);
  });

  test("trilith top shows a Trilith of this machine, once where there is no terminal", async () => {
    const [port = 0] = ports;
    const top = trilith("top", "--interval", "3", "-o", "json", "--admin", String(served.adminPort));
    const over = new AbortController();
    const ended = top.finally(() => over.abort());
    while (!over.signal.aborted) {
      // Nobody listens behind it.
      await plainRequest(port, "cart.test", "/");
      await delay(20);
    }
    const [rate] = JSON.parse((await ended).out) as readonly CallRate[];
    expect(rate).toMatchObject({
      source: "local",
      destination: "default/cart",
      kind: "requests",
      security: "plain",
      failedShare: 1,
    });
    expect(rate?.perSecond).toBeGreaterThan(0);
  });

  test("trilith top says so where there is nobody to ask", async () => {
    expect([await inCluster("top"), await trilith("top", "--admin", "127.0.0.1:1")]).toEqual([
      {
        code: 1,
        out: "",
        error:
          "trilith: no proxy of Trilith runs in the cluster: neither a Gateway's nor one beside a workload of the mesh\n",
      },
      { code: 2, out: "", error: expect.stringMatching(/^trilith: no Trilith answers at 127\.0\.0\.1:1; /) },
    ]);
  });
});
