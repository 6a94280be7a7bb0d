/**
 * What goes on in a cluster while users are served: Envoys that are rolled, replicas of the controller that are killed and
 * rolled, and routes that change. No request may fail.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ECHO_IMAGE } from "./images.ts";
import type { SentRequests } from "./steady-sender.ts";
import { applyObjects, kubectl as runKubectl } from "./kubectl.ts";
import type { TestCluster } from "./test-cluster.ts";
import { startTrilithCluster } from "./trilith-cluster.ts";

const HOST = "shop.test";
/** What a run of the senders is at least, for it to say anything. */
const ENOUGH = 200;
let cluster: TestCluster;
let address: string;

beforeAll(async () => {
  if (!inject("canRunCluster")) return;
  cluster = await startTrilithCluster((line) => void process.stderr.write(`${line}\n`));
  apply(namespace, backend, backendService, gateway, routeWith("v1"));
  kubectl("-n", "shop", "rollout", "status", "deployment/backend", "--timeout=60s");
  kubectl("-n", "shop", "wait", "--for=condition=Programmed", "gateway/web", "--timeout=60s");
  address = kubectl("-n", "shop", "get", "gateway/web", "-o", "jsonpath={.status.addresses[0].value}");
}, 180_000);

afterAll(async () => {
  if (inject("canRunCluster")) await cluster[Symbol.asyncDispose]();
});

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
const labels = { app: "backend" };
const backend = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "backend", namespace: "shop" },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: "echo",
            image: ECHO_IMAGE,
            imagePullPolicy: "Never",
            env: [
              { name: "POD_NAME", value: "backend" },
              { name: "NAMESPACE", value: "shop" },
            ],
          },
        ],
      },
    },
  },
};
const backendService = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "backend", namespace: "shop" },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 3000 }] },
};
const gateway = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "web", namespace: "shop" },
  spec: { gatewayClassName: "trilith", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
};
const routeWith = (version: string): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "shop", namespace: "shop" },
  spec: {
    parentRefs: [{ name: "web" }],
    hostnames: [HOST],
    rules: [
      {
        filters: [
          { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-version", value: version }] } },
        ],
        backendRefs: [{ name: "backend", port: 80 }],
      },
    ],
  },
});

const kubectl = (...args: readonly string[]): string => runKubectl(cluster, args);
const apply = (...objects: readonly object[]): void => applyObjects(cluster, objects);

/** What users see while `change` goes on. */
async function whileUsersAsk(change: () => void | Promise<void>): Promise<SentRequests> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-churn-"));
  const file = join(folder, "sent.json");
  const script = join(import.meta.dirname, "steady-sender.ts");
  const sender = cluster.start(process.execPath, [script, address, HOST, file], { log: "steady-sender" });
  const ended = once(sender, "exit");
  try {
    await change();
  } finally {
    sender.kill("SIGTERM");
    await ended;
  }
  const sent = JSON.parse(readFileSync(file, "utf8")) as SentRequests;
  rmSync(folder, { recursive: true });
  process.stderr.write(`${sent.count} requests, ${sent.wrong.length} failed\n`);
  return sent;
}

async function expectNoFailure(change: () => void | Promise<void>): Promise<void> {
  const { count, wrong } = await whileUsersAsk(change);
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(ENOUGH);
}

/** What the backend was asked with, so that a change is known to have arrived. */
const versionServed = (): string => {
  const { output } = cluster.run("curl", ["-s", "-m", "5", "-H", `host: ${HOST}`, `http://${address}/`]);
  return /"X-Version":\s*\[\s*"(\w+)"/i.exec(output)?.[1] ?? output;
};

async function change(version: string): Promise<void> {
  apply(routeWith(version));
  await expect.poll(versionServed, { timeout: 20_000 }).toBe(version);
}

const ENVOYS = "gateway.networking.k8s.io/gateway-name=web";

const podsOf = (space: string, selector: string): readonly string[] =>
  kubectl("-n", space, "get", "pods", "-l", selector, "-o", "name").trim().split("\n");

/** Makes other pods of a Deployment, and waits until the old ones are gone. */
function roll(space: string, deployment: string, selector: string): void {
  const old = podsOf(space, selector);
  kubectl("-n", space, "rollout", "restart", `deployment/${deployment}`);
  kubectl("-n", space, "rollout", "status", `deployment/${deployment}`, "--timeout=90s");
  kubectl("-n", space, "wait", "--for=delete", ...old, "--timeout=90s");
}

const leader = (): string =>
  kubectl("-n", "trilith-system", "get", "lease/trilith", "-o", "jsonpath={.spec.holderIdentity}");

describe.skipIf(!inject("canRunCluster"))("no request fails", { timeout: 300_000 }, () => {
  test("while a Gateway's Envoys are rolled", async () => {
    await expectNoFailure(() => roll("shop", "web-trilith", ENVOYS));
  });

  test("while the leading replica is killed, the others are rolled, and routes change", async () => {
    await expectNoFailure(async () => {
      await change("v2");
      kubectl("-n", "trilith-system", "delete", "pod", leader(), "--force", "--grace-period=0");
      await change("v3");
      roll("trilith-system", "trilith", "app.kubernetes.io/name=trilith");
      await change("v4");
    });
  });

  test("unless an Envoy is killed without notice: the senders see that", async () => {
    const { wrong } = await whileUsersAsk(async () => {
      kubectl("-n", "shop", "delete", ...podsOf("shop", ENVOYS), "--force", "--grace-period=0");
      kubectl("-n", "shop", "rollout", "status", "deployment/web-trilith", "--timeout=90s");
      await expect.poll(versionServed, { timeout: 20_000 }).toMatch(/^v\d$/);
    });
    expect(wrong).not.toEqual([]);
  });
});
