/** Following a real API server through what happens to one: the model of it in memory (src/kubernetes/testing) may be wrong. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { type ClusterClient, connectToCluster, resourcePath } from "../../src/kubernetes/index.ts";
import { freePorts } from "../support/free-ports.ts";
import { TcpRelay } from "../support/tcp-relay.ts";
import { accountToken, createAccount } from "./accounts.ts";
import { FollowedCluster } from "./followed-cluster.ts";
import { applyManifest } from "./permissions.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const PATIENCE = { timeout: 60_000 };

const cluster = useControlPlane();

const servicePath = (name?: string): string =>
  resourcePath({ group: "", version: "v1", plural: "services", namespace: "default", ...(name && { name }) });

async function createService(name: string, filler = 0): Promise<void> {
  const annotations = { filler: "x".repeat(filler) };
  const body = { metadata: { name, annotations }, spec: { clusterIP: "None", ports: [{ port: 80 }] } };
  await cluster.client.request({ method: "POST", path: servicePath(), body });
}

const deleteService = (name: string): Promise<unknown> =>
  cluster.client.request({ method: "DELETE", path: servicePath(name) });

/** A client whose connections go over a relay. */
async function connectOver(): Promise<{ readonly client: ClusterClient; readonly relay: TcpRelay }> {
  const { apiServerPort } = cluster.controlPlane;
  const relay = await TcpRelay.start(apiServerPort);
  const folder = mkdtempSync(join(tmpdir(), "trilith-watches-"));
  const kubeconfig = join(folder, "kubeconfig");
  const text = readFileSync(cluster.kubeconfigPath, "utf8").replace(`:${apiServerPort}`, `:${relay.port}`);
  writeFileSync(kubeconfig, text);
  const client = await connectToCluster({ kubeconfig });
  onTestFinished(async () => {
    client[Symbol.dispose]();
    await relay[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  return { client, relay };
}

/** As a ServiceAccount that may do everything: the API server rations its calls, which it does not for whoever is above everything. */
async function connectAsAccount(port: number): Promise<ClusterClient> {
  await createAccount(cluster.client, "default", "reader");
  await applyManifest(cluster.client, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "reader" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", namespace: "default", name: "reader" }],
  });
  const token = await accountToken(cluster.client, "default", "reader", "https://kubernetes.default.svc");
  const text = readFileSync(cluster.kubeconfigPath, "utf8").replace(
    `:${cluster.controlPlane.apiServerPort}`,
    `:${port}`,
  );
  const config = parse(text) as { users: { name: string; user: object }[] };
  const folder = mkdtempSync(join(tmpdir(), "trilith-watches-"));
  const kubeconfig = join(folder, "kubeconfig");
  const users = config.users.map(({ name }) => ({ name, user: { token } }));
  writeFileSync(kubeconfig, stringify({ ...config, users }));
  const client = await connectToCluster({ kubeconfig });
  onTestFinished(() => {
    client[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  return client;
}

const services = (followed: FollowedCluster, start: string): readonly string[] =>
  followed.namesOf("Service").filter((name) => name.startsWith(start));

describe.skipIf(environment === undefined)("a real API server is followed", { timeout: 300_000 }, () => {
  test("when connections break in the middle of its lists", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `large-${String(index).padStart(2, "0")}`);
    for (const name of names) await createService(name, 50_000);
    const { client, relay } = await connectOver();
    relay.mostBytes = 1_000_000;
    const followed = new FollowedCluster(client);
    await expect.poll(() => [...followed.failures], PATIENCE).toContain("unreachable");
    await expect.poll(() => relay.accepted, PATIENCE).toBeGreaterThan(3);
    relay.mostBytes = Number.POSITIVE_INFINITY;
    await followed.synced;
    expect([services(followed, "large-"), followed.gone]).toEqual([names, []]);
    for (const name of names) await deleteService(name);
  });

  test("when connections break again and again while much changes", async () => {
    const { client, relay } = await connectOver();
    const followed = new FollowedCluster(client);
    await followed.synced;
    for (let round = 0; round < 40; round += 1) {
      await createService(`busy-${round}`);
      if (round % 4 === 0) relay.breakConnections();
      if (round >= 10) await deleteService(`busy-${round - 10}`);
    }
    const left = Array.from({ length: 10 }, (_, index) => `busy-${30 + index}`);
    await expect.poll(() => services(followed, "busy-"), PATIENCE).toEqual(left);
    // Nothing was told to be gone that is not, or twice.
    expect(followed.gone.length).toBeLessThanOrEqual(30);
    expect(new Set(followed.gone).size).toBe(followed.gone.length);
  });

  test("with hundreds of Secrets that are wanted one by one", async () => {
    const path = "/api/v1/namespaces/default/secrets";
    const names = Array.from({ length: 250 }, (_, index) => `certificate-${index}`);
    const write = (name: string, text: string): Promise<unknown> =>
      cluster.client.request({
        method: "PATCH",
        patch: "apply",
        path: `${path}/${name}`,
        query: { fieldManager: "test", force: "true" },
        body: { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { "tls.crt": btoa(text) } },
      });
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map((name) => write(name, "old")));
    await write("unwanted", "old");
    const { client, relay } = await connectOver();
    const followed = new FollowedCluster(client);
    const want = (wanted: readonly string[]): void =>
      followed.source.want(wanted.map((name) => ({ key: name, kind: "Secret", namespace: "default", name })));
    const watches = (): number => followed.watches.filter((watched) => watched === path).length;
    // Few have a watch each, many have one together.
    want(names.slice(0, 50));
    await followed.synced;
    expect([followed.namesOf("Secret").length, watches()]).toEqual([50, 50]);
    want(names);
    await expect.poll(() => followed.namesOf("Secret"), PATIENCE).toEqual([...names].sort());
    await expect.poll(watches, PATIENCE).toBe(1);
    relay.breakConnections();
    await write("certificate-7", "new");
    const seven = (): unknown => {
      const found = [...followed.objects.values()].find(({ metadata }) => metadata.name === "certificate-7");
      return found && "data" in found && found.data;
    };
    await expect.poll(seven, PATIENCE).toEqual({ "tls.crt": btoa("new") });
    expect(followed.gone).toEqual([]);
    await cluster.client.request({ method: "DELETE", path: `${path}/certificate-8` });
    await expect.poll(() => followed.gone, PATIENCE).toEqual(["Secret/default/certificate-8"]);
    want([]);
    await expect.poll(() => [followed.namesOf("Secret"), watches()], PATIENCE).toEqual([[], 0]);
  });

  test("with more Secrets than it lets one account ask for at once: none is refused, at first or after it was away", async () => {
    const names = Array.from({ length: 1_500 }, (_, index) => `many-${index}`);
    const path = "/api/v1/namespaces/default/secrets";
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(
        names
          .slice(from, from + 50)
          .map((name) => cluster.client.request({ method: "POST", path, body: { metadata: { name } } })),
      );
    const relay = await TcpRelay.start(cluster.controlPlane.apiServerPort);
    const followed = new FollowedCluster(await connectAsAccount(relay.port));
    onTestFinished(() => relay[Symbol.asyncDispose]());
    followed.source.want(names.map((name) => ({ key: name, kind: "Secret", namespace: "default", name })));
    await followed.synced;
    expect(followed.namesOf("Secret")).toEqual([...names].sort());
    expect(followed.failures).not.toContain("throttled");
    relay.breakConnections();
    await expect.poll(() => followed.source.problems, PATIENCE).not.toEqual([]);
    await expect.poll(() => followed.source.problems, PATIENCE).toEqual([]);
    expect([followed.failures.has("throttled"), followed.gone]).toEqual([false, []]);
  });

  test("when it restarts", async () => {
    await createService("before");
    const followed = new FollowedCluster(cluster.client);
    await followed.synced;
    await cluster.controlPlane.restartApiServer();
    await createService("after");
    await expect.poll(() => services(followed, "after"), PATIENCE).toEqual(["after"]);
    await expect.poll(() => followed.source.problems, PATIENCE).toEqual([]);
    expect([services(followed, "before"), followed.gone]).toEqual([["before"], []]);
  });

  test("when it has forgotten what happened while it was out of reach", async () => {
    const { controlPlane } = cluster;
    await createService("forgotten");
    const { client, relay } = await connectOver();
    const followed = new FollowedCluster(client);
    await followed.synced;
    const [nobody = 0] = await freePorts(1);
    relay.moveTo(nobody);
    await deleteService("forgotten");
    await createService("unheard");
    await controlPlane.compact();
    await controlPlane.restartApiServer();
    relay.moveTo(controlPlane.apiServerPort);
    await expect.poll(() => services(followed, "unheard"), PATIENCE).toEqual(["unheard"]);
    expect([services(followed, "forgotten"), [...followed.failures]]).toEqual([[], expect.arrayContaining(["gone"])]);
  });

  test("when it has been restored from a backup: resource versions begin anew, with other contents", async () => {
    const { controlPlane } = cluster;
    await createService("kept");
    const backup = await controlPlane.takeBackup();
    const followed = new FollowedCluster(cluster.client);
    await followed.synced;
    for (let time = 0; time < 20; time += 1) await createService(`lost-${time}`);
    await expect.poll(() => services(followed, "lost-"), PATIENCE).toHaveLength(20);
    await controlPlane.restore(backup);
    await createService("anew");
    await expect.poll(() => services(followed, "anew"), PATIENCE).toEqual(["anew"]);
    expect([services(followed, "lost-"), services(followed, "kept")]).toEqual([[], ["kept"]]);
  });
});
