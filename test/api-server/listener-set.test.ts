/** A ListenerSet whose Gateway goes and is made again, with the real controller before a real API server, and a real Envoy of the first Gateway. */
import { describe, expect, inject, test } from "vitest";
import { CONTROLLER_NAME } from "../../src/app/standalone-settings.ts";
import { ApiError, resourcePath } from "../../src/kubernetes/index.ts";
import type { Condition } from "../../src/resources/index.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { createNamespace, startReplica } from "./controller-replica.ts";
import { GatewayPod } from "./gateway-pod.ts";
import { useControlPlane } from "./use-control-plane.ts";

const PATIENCE = { timeout: 60_000 };
const NAMESPACE = "shop";
const RESOURCES = { GatewayClass: "gatewayclasses", Gateway: "gateways", ListenerSet: "listenersets" } as const;
type Kind = keyof typeof RESOURCES;

const cluster = useControlPlane(() => createNamespace(cluster.client, NAMESPACE));

const pathOf = (kind: Kind, name: string): string =>
  resourcePath({
    group: "gateway.networking.k8s.io",
    version: "v1",
    plural: RESOURCES[kind],
    name,
    ...(kind !== "GatewayClass" && { namespace: NAMESPACE }),
  });

const apply = (kind: Kind, name: string, spec: object): Promise<unknown> =>
  cluster.client.request({
    method: "PATCH",
    patch: "apply",
    path: pathOf(kind, name),
    query: { fieldManager: "test", force: "true" },
    body: { apiVersion: "gateway.networking.k8s.io/v1", kind, metadata: { name }, spec },
  });

/** What Trilith says of the object, or of its first listener: `True` and the like; undefined while it has said nothing of it. */
async function verdictOn(kind: Kind, name: string, type: "Accepted" | "Programmed", of?: "listener") {
  interface Stated {
    readonly status?: {
      readonly conditions?: readonly Condition[];
      readonly listeners?: readonly { readonly conditions: readonly Condition[] }[];
    };
  }
  const { status } = await cluster.client.request<Stated>({ method: "GET", path: pathOf(kind, name) });
  const conditions = of === "listener" ? status?.listeners?.[0]?.conditions : status?.conditions;
  const found = conditions?.find((condition) => condition.type === type && condition.observedGeneration !== undefined);
  return found?.status;
}

const isGone = (kind: Kind, name: string): Promise<boolean> =>
  cluster.client.request({ method: "GET", path: pathOf(kind, name) }).then(
    () => false,
    (error: unknown) => error instanceof ApiError && error.code === "notFound",
  );

const canRun = inject("controlPlane") !== undefined && envoyBinary() !== undefined;

describe.skipIf(!canRun)("a ListenerSet that stays while its Gateway is made again", { timeout: 240_000 }, () => {
  test("is programmed when Envoys of that Gateway listen, and not by what those of the former had done", async () => {
    const [own = 0, more = 0] = await freePorts(2);
    const gateway = {
      gatewayClassName: "trilith",
      allowedListeners: { namespaces: { from: "Same" } },
      listeners: [{ name: "http", protocol: "HTTP", port: own }],
    };
    await apply("GatewayClass", "trilith", { controllerName: CONTROLLER_NAME });
    await apply("Gateway", "web", gateway);
    await apply("ListenerSet", "more", {
      parentRef: { name: "web" },
      listeners: [{ name: "http", protocol: "HTTP", port: more }],
    });
    await using replica = await startReplica(cluster.client, "one");
    const programmed = () => verdictOn("ListenerSet", "more", "Programmed", "listener");
    {
      await using _ = await GatewayPod.start({
        client: cluster.client,
        envoy: envoyBinary() ?? "",
        namespace: NAMESPACE,
        name: "web-trilith",
        podName: "web-1",
        controlPlanePort: replica.xdsPort,
      });
      await expect.poll(programmed, PATIENCE).toBe("True");
    }
    await cluster.client.request({ method: "DELETE", path: pathOf("Gateway", "web") });
    await expect.poll(() => isGone("Gateway", "web"), PATIENCE).toBe(true);
    await apply("Gateway", "web", gateway);
    await expect.poll(() => verdictOn("Gateway", "web", "Accepted"), PATIENCE).toBe("True");
    await expect.poll(programmed, PATIENCE).toBe("False");
  });
});
