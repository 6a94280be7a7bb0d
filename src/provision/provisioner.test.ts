import { afterEach, beforeEach, expect, test } from "vitest";
import { Graph, type Source } from "../collections/index.ts";
import { ApiError } from "../kubernetes/index.ts";
import { objectKey } from "../resources/index.ts";
import { NameClaims } from "./name-claims.ts";
import { OwnedObjects } from "./owned-objects.ts";
import { Provisioner } from "./provisioner.ts";
import { servicesOf } from "./service-plan.ts";
import { installation, wish } from "./testing/example-wish.ts";
import { MemoryCluster } from "./testing/memory-cluster.ts";
import type { Wish } from "./wish.ts";

const EVERYTHING = ["serviceaccounts", "configmaps", "services", "deployments"].map(
  (kind) => `apply ${kind}/web-trilith`,
);
const AN_ADDRESS = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };

let cluster: MemoryCluster;
let wishes: Source<Wish>;
let owned: OwnedObjects;
let provisioner: Provisioner;
let problems: (string | undefined)[];

beforeEach(() => {
  const graph = new Graph();
  cluster = new MemoryCluster();
  problems = [];
  wishes = graph.source<Wish>({ name: "Wishes", key: ({ key }) => key });
  owned = new OwnedObjects({
    client: cluster,
    onChange: () => provisioner.look(wish.key),
    onSynced: () => undefined,
    onProblem: () => undefined,
  });
  provisioner = new Provisioner({
    client: cluster,
    wishes,
    names: new NameClaims(graph, wishes),
    installation,
    owned,
    onProblem: (_, problem) => problems.push(problem?.message),
  });
  graph.subscribe(wishes, (changes) => provisioner.take(changes));
});

afterEach(async () => {
  await provisioner.stop();
  owned[Symbol.dispose]();
});

/** Everything is made, and the watches have told so. */
async function settled(): Promise<void> {
  provisioner.start();
  wishes.set(wish);
  await expect.poll(() => owned.get("Deployment", "shop", "web-trilith")).toBeDefined();
  await quiet();
}

/** Nothing is under way: promises that wait for no time have all had their turn. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
}

test("a Gateway's objects are made in the order in which a pod needs them", async () => {
  await settled();
  expect(cluster.written.slice(0, EVERYTHING.length)).toEqual(EVERYTHING);
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

test("a status that others write wakes nothing", async () => {
  await settled();
  const before = [...cluster.written];
  cluster.edit("Service", "shop", "web-trilith", { status: AN_ADDRESS });
  await expect.poll(() => owned.get("Service", "shop", "web-trilith")?.status).toEqual(AN_ADDRESS);
  await quiet();
  expect(cluster.written).toEqual(before);
});

test("an address that the watch tells before the write is answered stays known", async () => {
  const answer = Promise.withResolvers<void>();
  cluster.gates.set("apply services/web-trilith", answer.promise);
  provisioner.start();
  wishes.set(wish);
  await expect.poll(() => cluster.get("Service", "shop", "web-trilith")).toBeDefined();
  cluster.edit("Service", "shop", "web-trilith", { status: AN_ADDRESS });
  await expect.poll(() => owned.get("Service", "shop", "web-trilith")?.status).toEqual(AN_ADDRESS);
  answer.resolve();
  await expect.poll(() => cluster.written).toContain("apply deployments/web-trilith");
  await quiet();
  expect(owned.get("Service", "shop", "web-trilith")?.status).toEqual(AN_ADDRESS);
});

test("what somebody deletes is made again, and what somebody edits is set right", async () => {
  await settled();
  const deployment = cluster.get("Deployment", "shop", "web-trilith")?.["spec"];
  cluster.written.length = 0;
  cluster.delete("ConfigMap", "shop", "web-trilith");
  cluster.edit("Deployment", "shop", "web-trilith", { spec: { replicas: 0 } });
  await expect.poll(() => cluster.get("ConfigMap", "shop", "web-trilith")).toBeDefined();
  await expect.poll(() => cluster.get("Deployment", "shop", "web-trilith")?.["spec"]).toEqual(deployment);
  await quiet();
  expect(new Set(cluster.written)).toEqual(new Set(["apply configmaps/web-trilith", "apply deployments/web-trilith"]));
});

test("a replica that does not lead makes nothing", async () => {
  wishes.set(wish);
  await quiet();
  expect(cluster.written).toEqual([]);
});

test("what cannot be made is told, and told to be over once it can", async () => {
  cluster.failures.push(new ApiError("forbidden", "no quota", { httpStatus: 403 }));
  provisioner.start();
  wishes.set(wish);
  await expect.poll(() => problems, { timeout: 3_000 }).toContain(undefined);
  expect(problems[0]).toBe("no quota");
  expect(cluster.written.slice(0, EVERYTHING.length)).toEqual(EVERYTHING);
});

test("what a Gateway no longer asks for is deleted", async () => {
  const autoscaling = { minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 80 };
  provisioner.start();
  wishes.set({ ...wish, parameters: { podDisruptionBudget: { minAvailable: 1 }, autoscaling } });
  await expect.poll(() => owned.get("HorizontalPodAutoscaler", "shop", "web-trilith")).toBeDefined();
  await quiet();
  cluster.written.length = 0;
  wishes.set(wish);
  await expect.poll(() => owned.get("HorizontalPodAutoscaler", "shop", "web-trilith")).toBeUndefined();
  await quiet();
  expect(new Set(cluster.written)).toEqual(
    new Set([
      "apply deployments/web-trilith",
      "delete poddisruptionbudgets/web-trilith",
      "delete horizontalpodautoscalers/web-trilith",
    ]),
  );
});

test("what a Gateway has is left alone while the Gateway is held, and put right after that", async () => {
  await settled();
  cluster.written.length = 0;
  wishes.set({ ...wish, held: true, parameters: {}, ports: [] });
  cluster.delete("ConfigMap", "shop", "web-trilith");
  await quiet();
  expect(cluster.written).toEqual([]);
  wishes.set(wish);
  await expect.poll(() => cluster.get("ConfigMap", "shop", "web-trilith")).toBeDefined();
});

test("of two Gateways that come to one name the older has it, and when it goes the other gets its own", async () => {
  const gateway = (name: string, gatewayClassName: string, createdAt: string): Wish => ({
    ...wish,
    uid: `uid of ${name}`,
    key: objectKey({ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "shop", name }),
    name,
    gatewayClassName,
    createdAt,
  });
  const [older, younger] = [gateway("a-b", "c", "2026-01-01T00:00:00Z"), gateway("a", "b-c", "2026-02-01T00:00:00Z")];
  const ownedBy = (): unknown => cluster.get("Deployment", "shop", "a-b-c")?.metadata.labels;
  provisioner.start();
  wishes.set(younger);
  await expect.poll(ownedBy).toMatchObject({ "gateway.networking.k8s.io/gateway-name": "a" });
  wishes.set(older);
  await expect.poll(ownedBy).toMatchObject({ "gateway.networking.k8s.io/gateway-name": "a-b" });
  await expect
    .poll(() => problems)
    .toContain(
      "its objects would be called a-b-c, as those of the older Gateway a-b of class c are. Give one of both another name",
    );
  await quiet();
  wishes.delete(older.key);
  // As the garbage collector does it.
  for (const kind of ["ServiceAccount", "ConfigMap", "Service", "Deployment"] as const)
    cluster.delete(kind, "shop", "a-b-c");
  await expect.poll(ownedBy).toMatchObject({ "gateway.networking.k8s.io/gateway-name": "a" });
});

const TAKEN = /^Service shop\/web-trilith was not made for this Gateway, and is left as it is\./;

test("an object of somebody else's that has the name is left alone and told, and when it is gone the Gateway gets its own", async () => {
  cluster.create("Service", "shop", "web-trilith", { labels: { app: "shop" } });
  const before = cluster.get("Service", "shop", "web-trilith");
  provisioner.start();
  wishes.set(wish);
  await expect.poll(() => problems).toContainEqual(expect.stringMatching(TAKEN));
  expect(cluster.get("Service", "shop", "web-trilith")).toEqual(before);
  expect(cluster.written).not.toContain("apply deployments/web-trilith");
  cluster.delete("Service", "shop", "web-trilith");
  await expect.poll(() => problems.at(-1), { timeout: 3_000 }).toBeUndefined();
  expect(cluster.get("Service", "shop", "web-trilith")?.metadata.ownerReferences).toMatchObject([{ uid: "u-1" }]);
});

test("an object with our label that belongs to something else is left alone, also when the Gateway does not ask for one", async () => {
  const labels = { "app.kubernetes.io/managed-by": "trilith.dev-gateway-controller" };
  const ownerReferences = [{ apiVersion: "example.com/v1", kind: "Shop", name: "main", uid: "u-9", controller: true }];
  for (const kind of ["PodDisruptionBudget", "ConfigMap"] as const)
    cluster.create(kind, "shop", "web-trilith", { labels, ownerReferences });
  await expect.poll(() => owned.get("ConfigMap", "shop", "web-trilith")).toBeDefined();
  provisioner.start();
  wishes.set(wish);
  await expect
    .poll(() => problems)
    .toContainEqual(expect.stringContaining("ConfigMap shop/web-trilith belongs to Shop main"));
  cluster.delete("ConfigMap", "shop", "web-trilith");
  await expect.poll(() => problems.at(-1), { timeout: 3_000 }).toBeUndefined();
  expect(cluster.written).not.toContain("delete poddisruptionbudgets/web-trilith");
});

test("what was made for an earlier Gateway of the name goes on serving, and belongs to the new one", async () => {
  await settled();
  const uid = (): unknown => cluster.get("Service", "shop", "web-trilith")?.metadata.uid;
  const before = uid();
  wishes.delete(wish.key);
  wishes.set({ ...wish, uid: "u-2" });
  const owners = (): unknown => cluster.get("Service", "shop", "web-trilith")?.metadata.ownerReferences;
  await expect.poll(owners).toMatchObject([{ uid: "u-2" }]);
  expect([uid(), problems.filter((problem) => problem !== undefined)]).toEqual([before, []]);
});

test("an object that has lost its label is still the Gateway's, and gets it back", async () => {
  await settled();
  const { metadata } = cluster.get("ConfigMap", "shop", "web-trilith") ?? {};
  cluster.delete("ConfigMap", "shop", "web-trilith");
  cluster.create("ConfigMap", "shop", "web-trilith", { ...metadata, labels: {} });
  const labels = (): unknown => cluster.get("ConfigMap", "shop", "web-trilith")?.metadata.labels;
  await expect.poll(labels).toMatchObject({ "app.kubernetes.io/managed-by": "trilith.dev-gateway-controller" });
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

test("a Service for each further address is made after all else, and goes when the address is asked for no more", async () => {
  await settled();
  cluster.written.length = 0;
  const asked = ["192.0.2.1", "192.0.2.2"].map((value) => ({ type: "IPAddress", value }));
  wishes.set({ ...wish, addresses: asked });
  const name = servicesOf({ ...wish, addresses: asked })[1]?.name ?? "";
  await expect.poll(() => owned.get("Service", "shop", name)).toBeDefined();
  expect(cluster.written.slice(0, 2)).toEqual(["apply services/web-trilith", `apply services/${name}`]);
  wishes.set(wish);
  await expect.poll(() => owned.get("Service", "shop", name)).toBeUndefined();
  expect(owned.get("Service", "shop", "web-trilith")).toBeDefined();
});

test("a Service that the API server refuses keeps the Gateway from nothing else", async () => {
  const refusal = new ApiError("invalid", "the address is taken");
  cluster.refusals.set("apply services/web-trilith", refusal);
  provisioner.start();
  wishes.set(wish);
  await expect.poll(() => owned.get("Deployment", "shop", "web-trilith")).toBeDefined();
  await expect.poll(() => problems).toContain("the address is taken");
});
