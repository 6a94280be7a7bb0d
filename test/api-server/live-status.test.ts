/** From objects in an API server to their statuses there: the watch, translation and the writer together. */
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { createEngine } from "../../src/app/engine.ts";
import { CONTROLLER_NAME, standaloneSettings } from "../../src/app/standalone-settings.ts";
import { resourcePath } from "../../src/kubernetes/index.ts";
import { type KubernetesSource, startKubernetesSource } from "../../src/sources/index.ts";
import { StatusWriter, type StoredStatus } from "../../src/status/index.ts";
import { useControlPlane } from "./use-control-plane.ts";

const GROUP = "gateway.networking.k8s.io";
const environment = inject("controlPlane");

const cluster = useControlPlane(async () => {
  await create("gatewayclasses", "trilith", { controllerName: CONTROLLER_NAME });
  await create("gateways", "web", {
    gatewayClassName: "trilith",
    listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
  });
  await create("httproutes", "cart", {
    parentRefs: [{ name: "web" }],
    rules: [{ backendRefs: [{ name: "cart", port: 80 }] }],
  });
});

const kindOfPlural = { gatewayclasses: "GatewayClass", gateways: "Gateway", httproutes: "HTTPRoute" } as const;
type Plural = keyof typeof kindOfPlural;

const locationOf = (plural: Plural): { group: string; version: string; plural: string; namespace?: string } => ({
  group: GROUP,
  version: "v1",
  plural,
  ...(plural !== "gatewayclasses" && { namespace: "default" }),
});

async function create(plural: Plural, name: string, spec: object): Promise<void> {
  const body = { apiVersion: `${GROUP}/v1`, kind: kindOfPlural[plural], metadata: { name }, spec };
  await cluster.client.request({ method: "POST", path: resourcePath(locationOf(plural)), body });
}

async function statusOf(plural: Plural, name: string): Promise<StoredStatus & { readonly resourceVersion?: string }> {
  const path = resourcePath({ ...locationOf(plural), name });
  const { status, metadata } = await cluster.client.request<{
    status?: StoredStatus;
    metadata: { resourceVersion: string };
  }>({
    method: "GET",
    path,
  });
  return { ...status, resourceVersion: metadata.resourceVersion };
}

async function patchStatus(plural: Plural, name: string, status: object): Promise<void> {
  const path = resourcePath({ ...locationOf(plural), name, subresource: "status" });
  await cluster.client.request({ method: "PATCH", patch: "merge", path, body: { status } });
}

/** Follows the cluster and writes its statuses, as a controller without proxies does. */
async function startWriting() {
  const engine = createEngine(standaloneSettings({ bindAddress: "0.0.0.0" }));
  let batches = 0;
  engine.graph.onSettled(() => (batches += 1));
  const written: string[] = [];
  const synced = Promise.withResolvers<void>();
  const source: KubernetesSource = startKubernetesSource({
    client: cluster.client,
    onChanges: (changes) => engine.applyChanges(changes),
    onSynced: () => synced.resolve(),
    onStored: (keys) => writer.look(keys),
  });
  const writer = new StatusWriter({
    client: cluster.client,
    stated: engine.translation.statuses,
    stored: source.stored,
    controllerName: CONTROLLER_NAME,
    onEvent: ({ kind, key }) => written.push(`${kind} ${key.split(".")[0]}`),
  });
  const following = engine.graph.subscribe(engine.translation.statuses, (changes) => writer.take(changes));
  onTestFinished(async () => {
    following[Symbol.dispose]();
    await writer.stop();
    source[Symbol.dispose]();
  });
  await synced.promise;
  writer.start();
  return { source, writer, written, batches: () => batches };
}

const accepted = ({ conditions = [] }: StoredStatus): string | undefined =>
  conditions.find(({ type }) => type === "Accepted")?.status;
const acceptedParents = ({ parents = [] }: StoredStatus): unknown =>
  parents.map(({ controllerName, conditions }) => [controllerName, accepted({ conditions })]);

describe.skipIf(environment === undefined)("with the objects in a real API server", () => {
  test("each gets its status, and our own writes wake nobody", async () => {
    const { source, written, batches } = await startWriting();
    await expect.poll(async () => accepted(await statusOf("gatewayclasses", "trilith"))).toBe("True");
    await expect.poll(async () => accepted(await statusOf("gateways", "web"))).toBe("True");
    await expect
      .poll(async () => acceptedParents(await statusOf("httproutes", "cart")))
      .toEqual([[CONTROLLER_NAME, "True"]]);
    const { resourceVersion } = await statusOf("httproutes", "cart");
    const before = batches();
    const key = [...source.stored.keys()].find((stored) => stored.endsWith("/cart"));
    await expect.poll(() => key && source.stored.get(key)?.resourceVersion).toBe(resourceVersion);
    expect([batches() - before, written.filter((event) => !event.startsWith("written"))]).toEqual([0, []]);
  });

  test("whoever takes our entry away, or spoils it, finds it again", async () => {
    await startWriting();
    await patchStatus("httproutes", "cart", { parents: [] });
    await expect
      .poll(async () => acceptedParents(await statusOf("httproutes", "cart")))
      .toEqual([[CONTROLLER_NAME, "True"]]);
    const { listeners = [], conditions = [] } = await statusOf("gateways", "web");
    const spoilt = conditions.map((condition) => ({ ...condition, status: "Unknown", reason: "Pending" }));
    await patchStatus("gateways", "web", { listeners, conditions: spoilt });
    await expect.poll(async () => accepted(await statusOf("gateways", "web"))).toBe("True");
  });

  test("a controller that starts again writes nothing", async () => {
    const first = await startWriting();
    await expect.poll(() => first.writer.backlog).toBe(0);
    await first.writer.stop();
    const { writer, written } = await startWriting();
    await expect.poll(() => writer.backlog).toBe(0);
    expect(written).toEqual([]);
  });

  test("a route that leaves its Gateway for another controller's loses our entry", async () => {
    await startWriting();
    const path = resourcePath({ ...locationOf("httproutes"), name: "cart" });
    const body = { spec: { parentRefs: [{ name: "theirs" }] } };
    await cluster.client.request({ method: "PATCH", patch: "merge", path, body });
    await expect.poll(async () => acceptedParents(await statusOf("httproutes", "cart"))).toEqual([]);
  });
});
