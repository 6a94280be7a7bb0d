/**
 * Two Gateways in a real API server, for tests with the real controller and real Envoys: `web`, and `api` with a certificate.
 * Their Envoys answer by themselves with a status that a route states, so that one sees in which state an Envoy is.
 */
import { inject, onTestFinished } from "vitest";
import { CONTROLLER_NAME } from "../../src/app/standalone-settings.ts";
import { type ApiClient, resourcePath } from "../../src/kubernetes/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { fetchOnce, type Target } from "../support/steady-requests.ts";
import { TcpRelay } from "../support/tcp-relay.ts";
import { type ControllerReplica, createNamespace, type ReplicaOptions, startReplica } from "./controller-replica.ts";
import { GatewayPod, podToken } from "./gateway-pod.ts";
import { type UsedControlPlane, useControlPlane } from "./use-control-plane.ts";

export const NAMESPACE = "shop";
const GROUP = "gateway.networking.k8s.io";

export type GatewayName = "web" | "api";
type Redirect = 301 | 302 | 303 | 307 | 308;

export interface GatewayWorld {
  readonly cluster: UsedControlPlane;
  /** Has the Gateway's Envoys answer `<host>.test` with this status. */
  answer(host: string, gateway: GatewayName, statusCode: Redirect): Promise<void>;
  removeRoute(host: string): Promise<void>;
  target(gateway: GatewayName, host?: string): Target;
  /** The status, or why there is none. */
  ask(gateway: GatewayName, host?: string): Promise<string>;
  /** For the rest of the test. */
  startReplica(name: string, options?: ReplicaOptions & { readonly client?: ApiClient }): Promise<ControllerReplica>;
  /** In the place of the control plane's Service, for the rest of the test. */
  startRelay(replica: ControllerReplica): Promise<TcpRelay>;
  /** One of the Gateway's, for the rest of the test. */
  startPod(gateway: GatewayName, relay: TcpRelay, token?: string): Promise<GatewayPod>;
  /** As the kubelet gets it for a pod of the Gateway, by default for proxies' own purpose. */
  token(gateway: GatewayName, podName: string, audience?: string): Promise<string>;
}

/** Every Gateway begins with the hosts `<gateway>.test` and `steady-<gateway>.test`, which answer 302. */
export function useGateways(): GatewayWorld {
  const ports = { web: 0, api: 0 };
  let pods = 0;
  const cluster = useControlPlane(async () => {
    if (envoyBinary() === undefined) throw new Error("there is no Envoy");
    await createNamespace(cluster.client, NAMESPACE);
    // Each with a port of its own, since all Envoys share the machine's.
    const [web = 0, api = 0, secure = 0] = await freePorts(3);
    Object.assign(ports, { web, api });
    const tls = { certificateRefs: [{ name: "certificate" }] };
    await createCertificate(cluster.client, "certificate");
    await apply("GatewayClass", "trilith", { controllerName: CONTROLLER_NAME });
    const gateway = (...listeners: readonly object[]): object => ({ gatewayClassName: "trilith", listeners });
    await apply("Gateway", "web", gateway({ name: "http", protocol: "HTTP", port: web }));
    await apply(
      "Gateway",
      "api",
      gateway({ name: "http", protocol: "HTTP", port: api }, { name: "https", protocol: "HTTPS", port: secure, tls }),
    );
    for (const name of ["web", "api"] as const)
      for (const host of [name, `steady-${name}`]) await world.answer(host, name, 302);
  });
  const apply = (kind: keyof typeof PLURALS, name: string, spec: object): Promise<unknown> =>
    cluster.client.request({
      method: "PATCH",
      patch: "apply",
      path: pathOf(kind, name),
      query: { fieldManager: "test", force: "true" },
      body: { apiVersion: `${GROUP}/v1`, kind, metadata: { name }, spec },
    });
  const podOf = (gateway: GatewayName, podName: string) => ({
    client: cluster.client,
    namespace: NAMESPACE,
    name: `${gateway}-trilith`,
    podName,
  });
  const world: GatewayWorld = {
    cluster,
    answer: async (host, gateway, statusCode) => {
      const requestRedirect = { hostname: "elsewhere.test", statusCode };
      await apply("HTTPRoute", host, {
        parentRefs: [{ name: gateway }],
        hostnames: [`${host}.test`],
        rules: [{ filters: [{ type: "RequestRedirect", requestRedirect }] }],
      });
    },
    removeRoute: async (host) => {
      await cluster.client.request({ method: "DELETE", path: pathOf("HTTPRoute", host) });
    },
    target: (gateway, host = gateway) => ({ port: ports[gateway], host: `${host}.test`, isTls: false }),
    ask: async (gateway, host) => (await fetchOnce(world.target(gateway, host))).trim(),
    startReplica: async (name, { client = cluster.client, ...options } = {}) => {
      const replica = await startReplica(client, name, options);
      onTestFinished(() => replica[Symbol.asyncDispose]());
      return replica;
    },
    startRelay: async (replica) => {
      const relay = await TcpRelay.start(replica.xdsPort);
      onTestFinished(() => relay[Symbol.asyncDispose]());
      return relay;
    },
    startPod: async (gateway, relay, token) => {
      pods += 1;
      const pod = await GatewayPod.start({
        ...podOf(gateway, `${gateway}-${pods}`),
        envoy: envoyBinary() ?? "",
        controlPlanePort: relay.port,
        ...(token !== undefined && { token }),
      });
      onTestFinished(() => pod[Symbol.asyncDispose]());
      return pod;
    },
    token: (gateway, podName, audience) => podToken(podOf(gateway, podName), audience),
  };
  return world;
}

/** Whether this file's tests can run. */
export const canRun = (): boolean => inject("controlPlane") !== undefined;

const PLURALS = { GatewayClass: "gatewayclasses", Gateway: "gateways", HTTPRoute: "httproutes" } as const;

const pathOf = (kind: keyof typeof PLURALS, name: string): string =>
  resourcePath({
    group: GROUP,
    version: "v1",
    plural: PLURALS[kind],
    name,
    ...(kind !== "GatewayClass" && { namespace: NAMESPACE }),
  });

async function createCertificate(client: ApiClient, name: string): Promise<void> {
  const authority = await createCertificateAuthority();
  const { certificate, key } = await authority.issue({ commonName: name, names: ["api.test"] });
  await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${NAMESPACE}/secrets`,
    body: { metadata: { name }, type: "kubernetes.io/tls", stringData: { "tls.crt": certificate, "tls.key": key } },
  });
}
