/**
 * A Gateway to measure, in a namespace of its own with a backend, and the objects that are made for it. Everything goes with the
 * namespace.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type ClusterClient, connectToCluster, resourcePath } from "../../src/kubernetes/index.ts";
import { ECHO_IMAGE } from "../../test/cluster/images.ts";
import { type PodProcess, podProcesses } from "./pod-usage.ts";

const GATEWAY_GROUP = "gateway.networking.k8s.io";
/** As GatewayParameters have it. */
export const HOSTS = ["Few", "Many"] as const;
export type Hosts = (typeof HOSTS)[number];
/** In the tables. */
export const madeFor = (hosts: Hosts): string => `made for ${hosts.toLowerCase()} hosts`;
type Resource = Readonly<Record<"group" | "version" | "plural", string>>;

export const GATEWAYS: Resource = { group: GATEWAY_GROUP, version: "v1", plural: "gateways" };
export const ROUTES: Resource = { group: GATEWAY_GROUP, version: "v1", plural: "httproutes" };
export const LISTENER_SETS: Resource = { group: GATEWAY_GROUP, version: "v1", plural: "listenersets" };
const PARAMETERS: Resource = { group: "trilith.dev", version: "v1alpha1", plural: "gatewayparameters" };
const NAMESPACES: Resource = { group: "", version: "v1", plural: "namespaces" };
const SERVICES: Resource = { group: "", version: "v1", plural: "services" };
const SLICES: Resource = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" };
const DEPLOYMENTS: Resource = { group: "apps", version: "v1", plural: "deployments" };

const READY_MS = 120_000;
/** Thousands of objects are deleted one by one. */
const GONE_MS = 900_000;
const POLL_MS = 100;
const NAME = "web";
/** So many clients make objects at once where nothing else is said. */
export const CLIENTS = 4;

export class BenchGateway implements AsyncDisposable {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly address: string;

  private constructor(client: ClusterClient, namespace: string, address: string) {
    this.client = client;
    this.namespace = namespace;
    this.address = address;
  }

  /** Resolves when it is programmed and its backend is ready. `hosts`: how many it is made for. */
  static async start(name: string, hosts: Hosts, spec: object = {}): Promise<BenchGateway> {
    const client = await connectToCluster({ kubeconfig: process.env["KUBECONFIG"] });
    const namespace = `bench-${name}`;
    await create(client, NAMESPACES, undefined, { metadata: { name: namespace } });
    await create(client, DEPLOYMENTS, namespace, backendDeployment(namespace));
    await create(client, SERVICES, namespace, backendService);
    await create(client, PARAMETERS, namespace, { metadata: { name: NAME }, spec: { hosts } });
    const infrastructure = { parametersRef: { group: PARAMETERS.group, kind: "GatewayParameters", name: NAME } };
    const listeners = [{ name: "http", port: 80, protocol: "HTTP" }];
    await create(client, GATEWAYS, namespace, {
      metadata: { name: NAME },
      spec: { gatewayClassName: "trilith", infrastructure, listeners, ...spec },
    });
    await untilKnown(() => hasEndpoints(client, namespace), "a backend that is ready");
    const address = await untilKnown(() => programmedAddress(client, namespace), "a Gateway that is programmed");
    return new BenchGateway(client, namespace, address);
  }

  get name(): string {
    return NAME;
  }

  /** The replicas of the controller, and the Gateway's Envoys. */
  async processes(): Promise<{ readonly controllers: readonly PodProcess[]; readonly proxies: readonly PodProcess[] }> {
    const ofGateway = `gateway.networking.k8s.io/gateway-name=${this.name}`;
    return {
      controllers: await podProcesses(this.client, "trilith-system", "app.kubernetes.io/name=trilith", "node"),
      proxies: await podProcesses(this.client, this.namespace, ofGateway, "envoy"),
    };
  }

  /** Resolves with the moment when the API server had answered the last one. `clients` make them at once, in order. */
  async createAll(resource: Resource, objects: readonly object[], clients: number = CLIENTS): Promise<number> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let object = objects[next++]; object !== undefined; object = objects[next++])
        await this.create(resource, object);
    };
    await Promise.all(Array.from({ length: clients }, work));
    return performance.now();
  }

  async create(resource: Resource, object: object): Promise<void> {
    await create(this.client, resource, this.namespace, object);
  }

  async patch(resource: Resource, name: string, body: object): Promise<void> {
    const path = resourcePath({ ...resource, namespace: this.namespace, name });
    await this.client.request({ method: "PATCH", patch: "merge", path, body });
  }

  /** The API server gives a call a minute, in which it does not delete all of very many. */
  async deleteAll(resource: Resource): Promise<void> {
    const path = resourcePath({ ...resource, namespace: this.namespace });
    const until = performance.now() + GONE_MS;
    for (;;) {
      try {
        await this.client.request({ method: "DELETE", path, timeoutMs: GONE_MS });
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "timeout") || performance.now() > until) throw error;
      }
    }
  }

  /** Resolves when all of it is gone, so that the next one to be measured is alone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const path = resourcePath({ ...NAMESPACES, name: this.namespace });
    try {
      await this.deleteAll(ROUTES);
      await this.client.request({ method: "DELETE", path });
      const isGone = async (): Promise<true | undefined> => ((await isThere(this.client, path)) ? undefined : true);
      await untilKnown(isGone, "a namespace that is gone", GONE_MS);
    } finally {
      this.client[Symbol.dispose]();
    }
  }
}

/** A route for a host of its own; the backend is told `version` in a header. */
export const routeFor = (name: string, host: string, version = "1", parent: object = { name: NAME }): object => ({
  metadata: { name },
  spec: {
    parentRefs: [parent],
    hostnames: [host],
    rules: [rulesWith(version)],
  },
});

export const rulesWith = (version: string): object => ({
  filters: [
    { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-version", value: version }] } },
  ],
  backendRefs: [{ name: "backend", port: 80 }],
});

const KINDS: Readonly<Record<string, string>> = {
  namespaces: "Namespace",
  deployments: "Deployment",
  services: "Service",
  gateways: "Gateway",
  gatewayparameters: "GatewayParameters",
  httproutes: "HTTPRoute",
  listenersets: "ListenerSet",
};

async function create(
  client: ClusterClient,
  resource: Resource,
  namespace: string | undefined,
  object: object,
): Promise<void> {
  const { group, version, plural } = resource;
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const path = resourcePath({ ...resource, ...(namespace !== undefined && { namespace }) });
  await client.request({ method: "POST", path, body: { apiVersion, kind: KINDS[plural], ...object } });
}

interface SentGateway {
  readonly status?: {
    readonly addresses?: readonly { readonly value: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function programmedAddress(client: ClusterClient, namespace: string): Promise<string | undefined> {
  const path = resourcePath({ ...GATEWAYS, namespace, name: NAME });
  const { status } = await client.request<SentGateway>({ method: "GET", path });
  const isProgrammed = status?.conditions?.some(({ type, status: is }) => type === "Programmed" && is === "True");
  return isProgrammed ? status?.addresses?.[0]?.value : undefined;
}

/** A slice of no endpoints has null. */
interface SentSlices {
  readonly items: readonly {
    readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
  }[];
}

async function hasEndpoints(client: ClusterClient, namespace: string): Promise<true | undefined> {
  const path = resourcePath({ ...SLICES, namespace });
  const query = { labelSelector: "kubernetes.io/service-name=backend" };
  const { items } = await client.request<SentSlices>({ method: "GET", path, query });
  const endpoints = items.flatMap((slice) => slice.endpoints ?? []);
  return endpoints.some(({ conditions }) => conditions?.ready === true) || undefined;
}

async function isThere(client: ClusterClient, path: string): Promise<boolean> {
  try {
    await client.request({ method: "GET", path });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "notFound") return false;
    throw error;
  }
}

async function untilKnown<T>(find: () => Promise<T | undefined>, what: string, mostMs = READY_MS): Promise<T> {
  const until = performance.now() + mostMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`there is not ${what} within ${mostMs / 1_000} s`);
    await delay(POLL_MS);
  }
}

const backendDeployment = (namespace: string): object => ({
  metadata: { name: "backend" },
  spec: {
    selector: { matchLabels: { app: "backend" } },
    template: {
      metadata: { labels: { app: "backend" } },
      spec: {
        containers: [
          {
            name: "echo",
            image: ECHO_IMAGE,
            imagePullPolicy: "Never",
            env: [
              { name: "POD_NAME", value: "backend" },
              { name: "NAMESPACE", value: namespace },
            ],
          },
        ],
      },
    },
  },
});

const backendService = {
  metadata: { name: "backend" },
  spec: { selector: { app: "backend" }, ports: [{ port: 80, targetPort: 3000 }] },
};
