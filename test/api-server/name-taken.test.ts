/** Objects that have the name of those which a Gateway needs, and are not its own: the real controller before a real API server. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CONTROLLER_NAME } from "../../src/app/standalone-settings.ts";
import { ApiError, resourcePath } from "../../src/kubernetes/index.ts";
import { MANIFEST_KINDS } from "../../src/provision/manifest.ts";
import type { Condition } from "../../src/resources/index.ts";
import { installCrds } from "./control-plane.ts";
import { type ControllerReplica, createNamespace, startReplica } from "./controller-replica.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const PATIENCE = { timeout: 60_000 };
const definitions = join(import.meta.dirname, "..", "..", "charts", "trilith", "crds");

const RESOURCES = {
  GatewayClass: { group: "gateway.networking.k8s.io", version: "v1", plural: "gatewayclasses" },
  Gateway: { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" },
  GatewayParameters: { group: "trilith.dev", version: "v1alpha1", plural: "gatewayparameters" },
  ...MANIFEST_KINDS,
} as const;
type Kind = keyof typeof RESOURCES;

const cluster = useControlPlane(() => installCrds(cluster.client, definitions));
let replica: ControllerReplica;

const pathOf = (kind: Kind, name: string): string =>
  resourcePath({ ...RESOURCES[kind], name, ...(kind !== "GatewayClass" && { namespace: "shop" }) });

async function create(kind: Kind, name: string, fields: object = {}, metadata: object = {}): Promise<void> {
  const { group, version } = RESOURCES[kind];
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const path = pathOf(kind, name).split("/").slice(0, -1).join("/");
  const body = { apiVersion, kind, metadata: { name, ...metadata }, ...fields };
  await cluster.client.request({ method: "POST", path, body });
}

const remove = (kind: Kind, name: string): Promise<unknown> =>
  cluster.client.request({ method: "DELETE", path: pathOf(kind, name) });

interface Stored {
  readonly metadata: {
    readonly uid: string;
    readonly ownerReferences?: readonly { readonly uid: string }[];
    readonly managedFields?: readonly { readonly manager: string }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const read = (kind: Kind, name: string): Promise<Stored> =>
  cluster.client.request<Stored>({ method: "GET", path: pathOf(kind, name) });

const found = (kind: Kind, name: string): Promise<Stored | undefined> =>
  read(kind, name).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== "notFound") throw error;
    return undefined;
  });

const programmedOf = async (gateway: string): Promise<Condition | undefined> =>
  (await read("Gateway", gateway)).status?.conditions?.find(({ type }) => type === "Programmed");

const ownersOf = async (kind: Kind, name: string): Promise<unknown> =>
  (await found(kind, name))?.metadata.ownerReferences?.map(({ uid }) => uid);

const selector = { matchLabels: { app: "shop" } };
const container = { name: "shop", image: "shop:1" };
/** Somebody's objects, each of a Gateway's name. */
const FOREIGN = {
  ServiceAccount: {},
  ConfigMap: { data: { "bootstrap.json": "{}" } },
  Service: { spec: { selector: { app: "shop" }, ports: [{ port: 80 }] } },
  Deployment: {
    spec: { selector, template: { metadata: { labels: selector.matchLabels }, spec: { containers: [container] } } },
  },
  PodDisruptionBudget: { spec: { selector, minAvailable: 1 } },
  HorizontalPodAutoscaler: {
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" } },
  },
} satisfies Partial<Record<Kind, object>>;
const EACH = Object.keys(FOREIGN) as (keyof typeof FOREIGN)[];

const parametersRef = { group: "trilith.dev", kind: "GatewayParameters", name: "everything" };
const GATEWAY = {
  spec: {
    gatewayClassName: "trilith",
    infrastructure: { parametersRef },
    listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
  },
};

beforeAll(async () => {
  if (environment === undefined) return;
  await createNamespace(cluster.client, "shop");
  await create("GatewayClass", "trilith", { spec: { controllerName: CONTROLLER_NAME } });
  await create("GatewayParameters", "everything", {
    spec: {
      podDisruptionBudget: { minAvailable: 1 },
      autoscaling: { minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 80 },
    },
  });
  replica = await startReplica(cluster.client, "one");
});

afterAll(() => replica?.[Symbol.asyncDispose]());

describe.skipIf(environment === undefined)("an object that is somebody else's", () => {
  test.each(EACH)("is left as it is, a %s, and told, and the Gateway gets its own when it is gone", async (kind) => {
    const gateway = kind.toLowerCase();
    const name = `${gateway}-trilith`;
    await create(kind, name, FOREIGN[kind]);
    const before = await read(kind, name);
    await create("Gateway", gateway, GATEWAY);
    await expect
      .poll(() => programmedOf(gateway), PATIENCE)
      .toMatchObject({
        status: "False",
        reason: "NameTaken",
        message:
          `What it needs cannot be made: ${kind} shop/${name} was not made for this Gateway, and is left as it is. ` +
          "Delete or rename it, or give the Gateway another name",
      });
    expect(await read(kind, name)).toEqual(before);
    await expect.poll(() => eventsOf(gateway), PATIENCE).toContain("Warning NameTaken");
    await remove(kind, name);
    const { uid } = (await read("Gateway", gateway)).metadata;
    await expect
      .poll(() => Promise.all(EACH.map((one) => ownersOf(one, name))), PATIENCE)
      .toEqual(EACH.map(() => [uid]));
    // No pod of it is ready, as nothing starts one here.
    await expect.poll(async () => (await programmedOf(gateway))?.reason, PATIENCE).toBe("AddressNotAssigned");
  });

  test("stays when the Gateway is deleted, and when it asks for one of that kind no more", async () => {
    await create("PodDisruptionBudget", "plain-trilith", FOREIGN.PodDisruptionBudget);
    const plain = { spec: { ...GATEWAY.spec, infrastructure: {} } };
    await create("Gateway", "plain", plain);
    await expect.poll(() => found("Deployment", "plain-trilith"), PATIENCE).toBeDefined();
    await remove("Gateway", "plain");
    expect(await found("PodDisruptionBudget", "plain-trilith")).toBeDefined();
  });
});

describe.skipIf(environment === undefined)("what was made for a Gateway that was deleted", () => {
  test("belongs to the one that is made again under its name, before it is collected", async () => {
    await create("Gateway", "again", GATEWAY);
    await expect.poll(() => found("HorizontalPodAutoscaler", "again-trilith"), PATIENCE).toBeDefined();
    const before = await Promise.all(EACH.map((kind) => read(kind, "again-trilith")));
    await remove("Gateway", "again");
    await create("Gateway", "again", GATEWAY);
    const { uid } = (await read("Gateway", "again")).metadata;
    const owners = (): Promise<unknown> => Promise.all(EACH.map((kind) => ownersOf(kind, "again-trilith")));
    await expect.poll(owners, PATIENCE).toEqual(EACH.map(() => [uid]));
    const after = await Promise.all(EACH.map((kind) => read(kind, "again-trilith")));
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
  });

  test("is made again where somebody else deletes it just then", async () => {
    await create("Gateway", "gone", GATEWAY);
    await expect.poll(() => found("HorizontalPodAutoscaler", "gone-trilith"), PATIENCE).toBeDefined();
    const { uid } = (await read("Gateway", "gone")).metadata;
    for (const kind of EACH) await remove(kind, "gone-trilith");
    const owners = (): Promise<unknown> => Promise.all(EACH.map((kind) => ownersOf(kind, "gone-trilith")));
    await expect.poll(owners, PATIENCE).toEqual(EACH.map(() => [uid]));
  });
});

async function eventsOf(gateway: string): Promise<readonly string[]> {
  const { items } = await cluster.client.request<{
    readonly items: { readonly type: string; readonly reason: string; readonly regarding: { readonly name: string } }[];
  }>({ method: "GET", path: "/apis/events.k8s.io/v1/namespaces/shop/events" });
  return items.filter(({ regarding }) => regarding.name === gateway).map(({ type, reason }) => `${type} ${reason}`);
}
