/**
 * Pods that are created in a real API server, with the webhook of the chart's configuration asked on loopback: who gets a sidecar, who
 * is refused, and that nobody else notices whether anybody can be asked.
 */
import { describe, expect, inject, onTestFinished, test } from "vitest";
import type { Manifest } from "../../src/cli/install-chart.ts";
import { meshManifests } from "../../src/cli/install-mesh.ts";
import { defaultInstallation } from "../../src/cli/install-manifests.ts";
import { ApiError, resourcePath } from "../../src/kubernetes/index.ts";
import {
  type InjectionServer,
  RootConfigMaps,
  type ServerKeys,
  type SidecarSettings,
  startInjectionServer,
  TrustBundlePublisher,
  WebhookAuthority,
} from "../../src/mesh/index.ts";
import { type CertificateAuthority, createCertificateAuthority } from "../support/certificate-authority.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const WEBHOOKS = { group: "admissionregistration.k8s.io", version: "v1", plural: "mutatingwebhookconfigurations" };
const settings: SidecarSettings = {
  envoy: { image: "envoy:1", pullPolicy: "Never" },
  redirection: { by: "InitContainer", image: { image: "capture:1", pullPolicy: "Never" } },
  bootstrapOf: (probes) => JSON.stringify(probes),
  trustDomain: "cluster.local",
  audience: "trilith.dev/xds",
  paths: { files: "/etc/trilith", tokenFolder: "/var/run/token", adminSocket: "/run/trilith/admin.sock" },
};

const cluster = useControlPlane(async () => {
  await createNamespace("meshed", { "trilith.dev/mesh": "enabled" });
  await createNamespace("other");
});

async function createNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  await cluster.client.request({ method: "POST", path: "/api/v1/namespaces", body });
  // Without it, no pod is admitted, and no webhook is asked.
  await cluster.client.request({
    method: "POST",
    path: resourcePath({ group: "", version: "v1", plural: "serviceaccounts", namespace: name }),
    body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } },
  });
}

interface StoredPod {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly initContainers?: readonly { readonly name: string }[] };
}

let pods = 0;

/** The containers that a pod gets besides its own; what the API server says where it refuses the pod. */
async function createPod(
  namespace: string,
  metadata: { readonly labels?: object; readonly annotations?: object } = {},
): Promise<readonly string[] | string> {
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${(pods += 1)}`, ...metadata },
    spec: { containers: [{ name: "app", image: "app:1" }] },
  };
  try {
    const path = resourcePath({ group: "", version: "v1", plural: "pods", namespace });
    const { spec } = await cluster.client.request<StoredPod>({ method: "POST", path, body });
    return (spec.initContainers ?? []).map(({ name }) => name);
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

interface Configuration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

/** As the chart has it, but for where to ask. `name`: another one's, for another label. */
async function configureWebhook(port: number, name = "trilith", caBundle?: string): Promise<void> {
  const text = JSON.stringify(meshManifests(defaultInstallation())[0]);
  const manifest = JSON.parse(name === "trilith" ? text : text.replaceAll("trilith", name)) as Manifest;
  const stated = (manifest["webhooks"] ?? []) as readonly object[];
  const webhooks = stated.map((webhook) => ({
    ...webhook,
    clientConfig: {
      url: `https://127.0.0.1:${port}/inject`,
      caBundle: caBundle && Buffer.from(caBundle).toString("base64"),
    },
    timeoutSeconds: 2,
  }));
  await cluster.client.request({ method: "POST", path: resourcePath(WEBHOOKS), body: { ...manifest, webhooks } });
  onTestFinished(async () => {
    await cluster.client.request({ method: "DELETE", path: resourcePath({ ...WEBHOOKS, name }) });
  });
}

/**
 * Resolves when the API server goes by what was written before: it takes up configurations in their order, and so a later one, of
 * which one can see whether it asks.
 */
async function untilTakenUp(authority: CertificateAuthority): Promise<void> {
  const name = `probe${(probes += 1)}`;
  const asked = Promise.withResolvers<void>();
  const server = await startInjectionServer({
    listen: { host: "127.0.0.1", port: 0 },
    tls: await serverKeys(authority),
    settings,
    onAsked: () => asked.resolve(),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  await configureWebhook(server.port, name, authority.certificate);
  await createNamespace(name, { [`${name}.dev/mesh`]: "enabled" });
  const asking = setInterval(() => void createPod(name), 100);
  await asked.promise;
  clearInterval(asking);
}

let probes = 0;

async function serverKeys(authority: CertificateAuthority): Promise<ServerKeys> {
  const { certificate, key } = await authority.issue({ commonName: "127.0.0.1", names: ["127.0.0.1"] });
  return { cert: certificate, key };
}

const authoritiesStored = async (): Promise<readonly (string | undefined)[]> => {
  const path = resourcePath({ ...WEBHOOKS, name: "trilith" });
  const { webhooks } = await cluster.client.request<Configuration>({ method: "GET", path });
  return webhooks.map(({ clientConfig: { caBundle } }) => caBundle && Buffer.from(caBundle, "base64").toString());
};

const fail = (problem: unknown): void => {
  if (problem instanceof Error) throw problem;
};

/** A webhook whose authority the leader keeps. */
async function startWebhook(): Promise<{
  readonly server: InjectionServer;
  readonly bundle: string;
  readonly keeper: WebhookAuthority;
}> {
  const authority = await createCertificateAuthority();
  const tls = await serverKeys(authority);
  const server = await startInjectionServer({ listen: { host: "127.0.0.1", port: 0 }, tls, settings });
  await configureWebhook(server.port);
  const bundle = authority.certificate;
  const keeper = new WebhookAuthority({ client: cluster.client, name: "trilith", bundle, onProblem: fail });
  keeper.start();
  onTestFinished(async () => {
    await keeper.stop();
    keeper[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  await expect.poll(authoritiesStored, PATIENCE).toEqual([bundle, bundle]);
  return { server, bundle, keeper };
}

/** For whatever follows a change. */
const PATIENCE = { timeout: 20_000 };

const BOTH = ["trilith-capture", "trilith-proxy"];

describe.skipIf(environment === undefined)("pods", () => {
  test("of the mesh's namespaces get a sidecar, and those that ask for it; no others", async () => {
    await startWebhook();
    const enabled = { labels: { "trilith.dev/mesh": "enabled" } };
    const disabled = { labels: { "trilith.dev/mesh": "disabled" } };
    await expect.poll(() => createPod("meshed"), PATIENCE).toEqual(BOTH);
    expect([
      await createPod("meshed", disabled),
      await createPod("other"),
      await createPod("other", enabled),
      await createPod("meshed", { annotations: { "trilith.dev/exclude-inbound-ports": "web" } }),
    ]).toEqual([
      [],
      [],
      BOTH,
      expect.stringMatching(/annotation trilith.dev\/exclude-inbound-ports: "web" is no port/),
    ]);
  });

  test("of the mesh are refused while nobody can be asked, and no others", async () => {
    const { server } = await startWebhook();
    await expect.poll(() => createPod("meshed"), PATIENCE).toEqual(BOTH);
    await server[Symbol.asyncDispose]();
    expect([await createPod("meshed"), await createPod("other")]).toEqual([
      expect.stringMatching(/failed calling webhook "namespaces.mesh.trilith.dev"/),
      [],
    ]);
  });
});

test.skipIf(environment === undefined)(
  "pods are created all the time, in the mesh and elsewhere, while the webhook's root and certificate are rotated",
  async () => {
    const { server, bundle, keeper } = await startWebhook();
    await expect.poll(() => createPod("meshed"), PATIENCE).toEqual(BOTH);
    const next = await createCertificateAuthority("next");
    const outcomes = new Map<string, number>();
    const stopping = new AbortController();
    const creating = ["meshed", "other"].map(async (namespace) => {
      while (!stopping.signal.aborted) {
        const outcome = `${namespace}: ${String(await createPod(namespace))}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    });
    const trust = async (roots: string): Promise<void> => {
      keeper.replace(roots);
      await expect.poll(authoritiesStored, PATIENCE).toEqual([roots, roots]);
      await untilTakenUp(next);
    };
    await trust(`${bundle}\n${next.certificate}`);
    server.setSecureContext(await serverKeys(next));
    await trust(next.certificate);
    const after = outcomes.get(`meshed: ${BOTH.join(",")}`) ?? 0;
    await expect.poll(() => outcomes.get(`meshed: ${BOTH.join(",")}`) ?? 0, PATIENCE).toBeGreaterThan(after + 20);
    stopping.abort();
    await Promise.all(creating);
    process.stderr.write(`pods created meanwhile: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
    expect([...outcomes.keys()].sort()).toEqual([`meshed: ${BOTH.join(",")}`, "other: "]);
  },
);

test.skipIf(environment === undefined)("the webhook's authority is put back when somebody takes it out", async () => {
  const { bundle } = await startWebhook();
  const path = resourcePath({ ...WEBHOOKS, name: "trilith" });
  const patch = [{ op: "remove", path: "/webhooks/0/clientConfig/caBundle" }];
  await cluster.client.request({ method: "PATCH", patch: "json", path, body: patch });
  await expect.poll(authoritiesStored, PATIENCE).toEqual([bundle, bundle]);
});

test.skipIf(environment === undefined)(
  "what sidecars read is kept where they are, and changes with the root",
  async () => {
    const roots = new RootConfigMaps({
      client: cluster.client,
      files: { "ca.crt": "one" },
      onProblem: (_, problem) => fail(problem),
    });
    onTestFinished(async () => {
      await roots.stop();
      roots[Symbol.dispose]();
    });
    const path = resourcePath({
      group: "",
      version: "v1",
      plural: "configmaps",
      namespace: "meshed",
      name: "trilith-root",
    });
    const stored = async (): Promise<unknown> =>
      await cluster.client.request<{ readonly data: unknown }>({ method: "GET", path }).then(
        ({ data }) => data,
        () => "nothing",
      );
    roots.want("meshed");
    roots.start();
    await expect.poll(stored, PATIENCE).toEqual({ "ca.crt": "one" });
    await cluster.client.request({ method: "DELETE", path });
    await expect.poll(stored, PATIENCE).toEqual({ "ca.crt": "one" });
    roots.replace({ "ca.crt": "two" });
    await expect.poll(stored, PATIENCE).toEqual({ "ca.crt": "two" });
  },
);

test.skipIf(environment === undefined)(
  "a cluster without ClusterTrustBundles is told, and nothing is wrong",
  async () => {
    const served = Promise.withResolvers<string | undefined>();
    const publisher = new TrustBundlePublisher({
      client: cluster.client,
      bundle: "one",
      onServed: served.resolve,
      onProblem: fail,
    });
    onTestFinished(() => publisher.stop());
    publisher.start();
    expect(await served.promise).toBeUndefined();
  },
);
