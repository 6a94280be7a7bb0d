/** Following a cluster with the permissions of an installation that is kept to the Secrets of one namespace. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Manifest } from "../../src/cli/install-chart.ts";
import { defaultInstallation, manifestsOf, namespaceManifest } from "../../src/cli/install-manifests.ts";
import { type ClusterClient, connectToCluster } from "../../src/kubernetes/index.ts";
import { startKubernetesSource } from "../../src/sources/index.ts";
import { accountToken } from "./accounts.ts";
import { applyManifest, permissionsIn } from "./permissions.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const apply = (manifest: Manifest): Promise<void> => applyManifest(cluster.client, manifest);

const cluster = useControlPlane(async () => {
  await apply(namespaceManifest("trilith-system"));
  for (const name of ["shop", "bank"]) await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const manifests = manifestsOf({ ...defaultInstallation(), secretNamespaces: ["shop"] });
  for (const manifest of permissionsIn(manifests)) await apply(manifest);
  for (const namespace of ["shop", "bank"]) {
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    await cluster.client.request({ method: "POST", path, body: { metadata: { name: "certificate" } } });
  }
});

/** As the controller's ServiceAccount. */
async function connectAsController(): Promise<ClusterClient> {
  const token = await accountToken(cluster.client, "trilith-system", "trilith", "https://kubernetes.default.svc");
  const config = parse(readFileSync(cluster.kubeconfigPath, "utf8")) as { users: { name: string; user: object }[] };
  const folder = mkdtempSync(join(tmpdir(), "trilith-permissions-"));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(
    kubeconfig,
    stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) }),
  );
  const client = await connectToCluster({ kubeconfig });
  onTestFinished(() => {
    client[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  return client;
}

describe.skipIf(environment === undefined)("with the Secrets of one namespace", () => {
  test("a Secret elsewhere that somebody names keeps nobody waiting, and is told", async () => {
    const seen = new Set<string>();
    const synced = Promise.withResolvers<void>();
    const source = startKubernetesSource({
      client: await connectAsController(),
      onChanges: (changes) => {
        for (const { key } of changes) if (key.startsWith("Secret/")) seen.add(key);
      },
      onSynced: () => synced.resolve(),
    });
    onTestFinished(() => source[Symbol.dispose]());
    source.want(
      ["shop", "bank"].map((namespace) => ({
        key: `${namespace}/certificate`,
        kind: "Secret",
        namespace,
        name: "certificate",
      })),
    );
    await synced.promise;
    expect([[...seen], source.problems.map(({ code, message }) => [code, message.split(":")[0]])]).toEqual([
      ["Secret/shop/certificate"],
      [["not-watched", "bank/certificate cannot be followed"]],
    ]);
  });
});
