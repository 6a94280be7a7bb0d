/** How the controller's ServiceAccount is believed: by tokens that are renewed, and with a permission that comes late. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import type { Manifest } from "../../src/cli/install-chart.ts";
import { defaultInstallation, manifestsOf, namespaceManifest } from "../../src/cli/install-manifests.ts";
import { ApiError, type ClusterClient, connectToCluster } from "../../src/kubernetes/index.ts";
import { freePorts } from "../support/free-ports.ts";
import { TcpRelay } from "../support/tcp-relay.ts";
import { startReplica } from "./controller-replica.ts";
import { FollowedCluster } from "./followed-cluster.ts";
import { applyManifest, permissionsIn } from "./permissions.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const PATIENCE = { timeout: 60_000 };
const manifests = permissionsIn(manifestsOf(defaultInstallation()));

const apply = (manifest: Manifest): Promise<void> => applyManifest(cluster.client, manifest);

const cluster = useControlPlane(async () => {
  await apply(namespaceManifest("trilith-system"));
  for (const manifest of manifests) await apply(manifest);
});

/** As long as a Secret of this name is there. */
async function tokenBoundTo(name: string): Promise<string> {
  const secrets = "/api/v1/namespaces/trilith-system/secrets";
  const { metadata } = await cluster.client.request<{ readonly metadata: { readonly uid: string } }>({
    method: "POST",
    path: secrets,
    body: { metadata: { name } },
  });
  const boundObjectRef = { kind: "Secret", apiVersion: "v1", name, uid: metadata.uid };
  const { status } = await cluster.client.request<{ readonly status: { readonly token: string } }>({
    method: "POST",
    path: "/api/v1/namespaces/trilith-system/serviceaccounts/trilith/token",
    body: { spec: { boundObjectRef, expirationSeconds: 3_600 } },
  });
  return status.token;
}

const endToken = (name: string): Promise<unknown> =>
  cluster.client.request({ method: "DELETE", path: `/api/v1/namespaces/trilith-system/secrets/${name}` });

/** As in a pod of the controller's, whose files the kubelet keeps. */
async function connectAsPod(token: string) {
  const relay = await TcpRelay.start(cluster.controlPlane.apiServerPort);
  const folder = mkdtempSync(join(tmpdir(), "trilith-account-"));
  interface Kubeconfig {
    readonly clusters: readonly { readonly cluster: { readonly "certificate-authority-data": string } }[];
  }
  const { clusters } = parse(readFileSync(cluster.kubeconfigPath, "utf8")) as Kubeconfig;
  const authority = clusters[0]?.cluster["certificate-authority-data"] ?? "";
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ca.crt"), Buffer.from(authority, "base64"));
  writeFileSync(join(folder, "namespace"), "trilith-system");
  const setToken = (next: string): void => writeFileSync(join(folder, "token"), next);
  setToken(token);
  const client: ClusterClient = await connectToCluster({
    inCluster: { server: new URL(`https://127.0.0.1:${relay.port}`), folder },
  });
  onTestFinished(async () => {
    client[Symbol.dispose]();
    await relay[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  return { client, relay, setToken };
}

const createNamespace = (name: string): Promise<unknown> =>
  cluster.client.request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } });

describe.skipIf(environment === undefined)("the cluster is followed", () => {
  test("with a token that is renewed: when the old one is good for nothing any more, the new one is shown", async () => {
    const { client, relay, setToken } = await connectAsPod(await tokenBoundTo("first-token"));
    const followed = new FollowedCluster(client);
    await followed.synced;
    setToken(await tokenBoundTo("second-token"));
    await endToken("first-token");
    relay.breakConnections();
    await createNamespace("renewed");
    await expect.poll(() => followed.namesOf("Namespace"), PATIENCE).toContain("renewed");
    await expect.poll(() => followed.source.problems, PATIENCE).toEqual([]);
  });

  test("though its token was refused for a while", async () => {
    const { client, relay, setToken } = await connectAsPod(await tokenBoundTo("short-token"));
    const followed = new FollowedCluster(client);
    await followed.synced;
    await endToken("short-token");
    // The API server remembers for some seconds that it was good.
    const isRefused = async (): Promise<boolean> => {
      relay.breakConnections();
      await client.request({ method: "GET", path: "/api/v1/namespaces" }).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      });
      return followed.failures.has("unauthorized");
    };
    await expect.poll(isRefused, { ...PATIENCE, interval: 500 }).toBe(true);
    setToken(await tokenBoundTo("late-token"));
    await createNamespace("late");
    await expect.poll(() => followed.namesOf("Namespace"), PATIENCE).toContain("late");
    expect(followed.gone).toEqual([]);
  });

  test("only as a whole: without the permission to read one kind it says which, and goes on once it has it", async () => {
    const roles = manifests.filter(({ kind }) => kind === "ClusterRole");
    for (const role of roles) await apply(withoutResource(role, "httproutes"));
    const { client } = await connectAsPod(await tokenBoundTo("reader-token"));
    const followed = new FollowedCluster(client);
    const refused = expect.stringMatching(/^HTTPRoute cannot be followed: .*forbidden/);
    await expect.poll(() => followed.source.problems.map(({ message }) => message), PATIENCE).toEqual([refused]);
    expect([followed.source.isSynced, followed.objects.size]).toEqual([false, 0]);
    for (const role of roles) await apply(role);
    await followed.synced;
    expect(followed.source.problems).toEqual([]);
  });
});

describe.skipIf(environment === undefined)("a controller that may not read a kind", () => {
  test("names it to probes and in its log, be it one that it translates or one that it makes, and serves once it may", async () => {
    const roles = manifests.filter(({ kind }) => kind === "ClusterRole");
    for (const role of roles) await apply(withoutResource(withoutResource(role, "httproutes"), "poddisruptionbudgets"));
    const { client } = await connectAsPod(await tokenBoundTo("controller-token"));
    const [healthPort = 0] = await freePorts(1);
    const starting = startReplica(client, "one", { healthPort });
    const readiness = async (): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined);
      return (await answer?.text()) ?? "";
    };
    await expect
      .poll(readiness, PATIENCE)
      .toMatch(/^not ready: it reads the cluster; HTTPRoute cannot be followed: GET \S+\/httproutes: .* forbidden/);
    for (const role of roles) await apply(withoutResource(role, "poddisruptionbudgets"));
    await expect
      .poll(readiness, PATIENCE)
      .toMatch(
        /^not ready: it reads the cluster; the PodDisruptionBudgets of Gateways cannot be followed: .* forbidden/,
      );
    for (const role of roles) await apply(role);
    await using replica = await starting;
    expect(await readiness()).toBe("ok\n");
    const told = replica.log.filter((line) => line.includes("cannot be followed"));
    expect(told).toEqual(
      expect.arrayContaining(
        [/HTTPRoute .*forbidden/, /PodDisruptionBudgets .*forbidden/].map((kind) => expect.stringMatching(kind)),
      ),
    );
  });
});

interface Rule {
  readonly resources?: readonly string[];
}

const withoutResource = (role: Manifest, resource: string): Manifest => ({
  ...role,
  rules: (role["rules"] as readonly Rule[])
    .map(({ resources, ...rule }) => ({
      ...rule,
      ...(resources && { resources: resources.filter((one) => one !== resource) }),
    }))
    .filter(({ resources }) => resources?.length !== 0),
});
