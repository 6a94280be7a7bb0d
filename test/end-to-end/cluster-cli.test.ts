/**
 * Commands that look into a cluster's replicas without a port-forward by hand: here the replicas are Triliths of this machine, and what
 * stands for the API server passes connections on to them.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PodGate, startPodGate } from "../../src/kubernetes/testing/pod-gate.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { gateway, route, service, to } from "../support/manifests.ts";
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

  beforeAll(async () => {
    const [port = 0, backend = 0] = await freePorts(2);
    served = await ServedDirectory.create();
    served.write("shop.yaml", [
      gateway("web", [{ name: "http", port }]),
      route({ name: "cart", parent: "web", hostnames: ["cart.test"], rules: [{ backendRefs: [to("cart")] }] }),
      ...service("cart", [backend]),
    ]);
    await served.start();
    const replica = { namespace: "trilith-system", labels: CONTROLLER, ports: { 19001: served.adminPort } };
    gate = await startPodGate(served.root, [
      { ...replica, name: "trilith-1" },
      { ...replica, name: "trilith-2" },
      // It is going: nobody listens there any more.
      { ...replica, name: "trilith-3", ports: { 19001: 0 } },
      { namespace: "trilith-system", name: "another", ports: {} },
    ]);
  }, 60_000);

  afterAll(async () => {
    await gate[Symbol.asyncDispose]();
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
});
