/** GatewayParameters before a real API server: what its definition refuses, and what becomes of what they ask for. */
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { Graph } from "../../src/collections/index.ts";
import { ApiError, resourcePath } from "../../src/kubernetes/index.ts";
import { proxyKey } from "../../src/model/index.ts";
import {
  gatewayAddressOf,
  NameClaims,
  OwnedObjects,
  Provisioner,
  servicesOf,
  type Wish,
} from "../../src/provision/index.ts";
import {
  gatewayGroup,
  type GatewayParametersSpec,
  type JsonObject,
  kinds,
  objectKey,
} from "../../src/resources/index.ts";
import { installCrds } from "./control-plane.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const definitions = join(import.meta.dirname, "..", "..", "charts", "trilith", "crds");

const cluster = useControlPlane(async () => {
  await installCrds(cluster.client, definitions);
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
  await cluster.client.request({ method: "POST", path: "/api/v1/namespaces", body });
});

const { group, plural } = kinds.GatewayParameters;

/** What the API server says, or "" when it takes it. */
function refusalOf(name: string, spec: object): Promise<string> {
  return cluster.client
    .request({
      method: "POST",
      path: resourcePath({ group, version: "v1alpha1", plural, namespace: "shop" }),
      query: { fieldValidation: "Strict" },
      body: { apiVersion: `${group}/v1alpha1`, kind: "GatewayParameters", metadata: { name }, spec },
    })
    .then(
      () => "",
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        return error.message;
      },
    );
}

const WISH: Wish = {
  key: objectKey({ group: gatewayGroup, kind: "Gateway", namespace: "shop", name: "web" }),
  namespace: "shop",
  name: "web",
  uid: "2f1c",
  proxy: proxyKey("shop/web"),
  gatewayClassName: "trilith",
  infrastructure: {},
  parameters: {},
  overlays: [],
  addresses: [],
  ports: [{ transport: "tcp", port: 80 }],
};

interface Read {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

async function read(kindGroup: string, version: string, kindPlural: string): Promise<Read | undefined> {
  const path = resourcePath({ group: kindGroup, version, plural: kindPlural, namespace: "shop", name: "web-trilith" });
  return cluster.client.request<Read>({ method: "GET", path }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.code !== "notFound") throw error;
    return undefined;
  });
}

const deployment = (): Promise<Read | undefined> => read("apps", "v1", "deployments");
const service = (): Promise<Read | undefined> => read("", "v1", "services");
const autoscaler = (): Promise<Read | undefined> => read("autoscaling", "v2", "horizontalpodautoscalers");
const budget = (): Promise<Read | undefined> => read("policy", "v1", "poddisruptionbudgets");

/** Makes things while the test lasts; `problems` are those that it met. */
function startProvisioner(): AsyncDisposable & {
  readonly problems: readonly string[];
  ask(parameters: GatewayParametersSpec, addresses?: Wish["addresses"]): void;
  /** What the Gateway is told of its addresses, with a pod that is ready. */
  addresses(): unknown;
} {
  const graph = new Graph();
  const wishes = graph.source<Wish>({ name: "Wishes", key: ({ key }) => key });
  const problems: string[] = [];
  let refusals: ReadonlyMap<string, string> = new Map();
  const owned = new OwnedObjects({
    client: cluster.client,
    onChange: () => provisioner.look(WISH.key),
    onSynced: () => provisioner.start(),
    onProblem: (_, problem) => void (problem && problems.push(problem.message)),
  });
  const provisioner = new Provisioner({
    client: cluster.client,
    wishes,
    names: new NameClaims(graph, wishes),
    owned,
    installation: {
      image: "envoy:1",
      imagePullPolicy: "IfNotPresent",
      filesOf: () => ({ "bootstrap.json": "{}" }),
      caBundle: "PEM",
      audience: "trilith.dev/xds",
    },
    onProblem: (_, problem) => {
      refusals = problem?.refusedServices ?? new Map<string, string>();
      if (problem) problems.push(`${problem.hindrance === "refused" ? "refused: " : ""}${problem.message}`);
    },
  });
  graph.subscribe(wishes, (changes) => provisioner.take(changes));
  return {
    problems,
    ask: ({ overlays, ...parameters }, addresses = []) =>
      wishes.set({ ...WISH, parameters, overlays: overlays ? [overlays] : [], addresses }),
    addresses: () => {
      const wish = wishes.get(WISH.key) ?? WISH;
      const services = servicesOf(wish).map((plan) => ({
        plan,
        found: owned.get("Service", "shop", plan.name),
        refusal: refusals.get(plan.name),
      }));
      const { addresses, unusable } = gatewayAddressOf(wish, services, { availableReplicas: 1 }, undefined);
      return [addresses, unusable];
    },
    async [Symbol.asyncDispose]() {
      await provisioner.stop();
      owned[Symbol.dispose]();
    },
  };
}

/** As an autoscaler does it. */
async function scale(replicas: number): Promise<void> {
  const location = { group: "apps", version: "v1", plural: "deployments", namespace: "shop", name: "web-trilith" };
  await cluster.client.request({
    method: "PATCH",
    patch: "merge",
    path: resourcePath({ ...location, subresource: "scale" }),
    query: { fieldManager: "autoscaler" },
    body: { spec: { replicas } },
  });
}

const AUTOSCALING = { minReplicas: 2, maxReplicas: 9, targetCPUUtilizationPercentage: 80 };

describe.skipIf(environment === undefined)("GatewayParameters", () => {
  test("are taken, and refused with the words of the rule that they break", async () => {
    expect([
      await refusalOf("good", { resources: { requests: { cpu: "500m" }, limits: { cpu: 1 } }, replicas: 2 }),
      await refusalOf("greedy", { resources: { requests: { cpu: 2 }, limits: { cpu: "1500m" } } }),
      await refusalOf("none", { replicas: 0 }),
    ]).toEqual([
      "",
      expect.stringContaining("requests must not be more than limits"),
      expect.stringContaining("spec.replicas in body should be greater than or equal to 1"),
    ]);
  });

  test("that ask for an autoscaler leave the pods as many as they were, and it says how many from then on", async () => {
    await using provisioner = startProvisioner();
    provisioner.ask({ replicas: 4, podDisruptionBudget: { maxUnavailable: "25%" } });
    await expect.poll(async () => (await deployment())?.spec["replicas"], { timeout: 20_000 }).toBe(4);
    await expect.poll(async () => (await budget())?.spec["maxUnavailable"]).toBe("25%");
    provisioner.ask({ autoscaling: AUTOSCALING });
    await expect.poll(async () => (await autoscaler())?.spec["maxReplicas"]).toBe(9);
    await expect.poll(budget).toBeUndefined();
    expect((await deployment())?.spec["replicas"]).toBe(4);
    await scale(7);
    provisioner.ask({ autoscaling: AUTOSCALING, nodeSelector: { pool: "edge" } });
    await expect
      .poll(async () => JSON.stringify((await deployment())?.spec["template"]))
      .toContain('"nodeSelector":{"pool":"edge"}');
    expect((await deployment())?.spec["replicas"]).toBe(7);
    provisioner.ask({ replicas: 2 });
    await expect.poll(autoscaler).toBeUndefined();
    await expect.poll(async () => (await deployment())?.spec["replicas"]).toBe(2);
    expect(provisioner.problems).toEqual([]);
  });

  test("that come after the autoscaler's number was written by another replica of the controller keep it", async () => {
    await using provisioner = startProvisioner();
    provisioner.ask({ autoscaling: AUTOSCALING });
    await expect.poll(autoscaler, { timeout: 20_000 }).toBeDefined();
    expect((await deployment())?.spec["replicas"]).toBe(2);
    expect(provisioner.problems).toEqual([]);
  });

  test("change the type of the Service there and back", async () => {
    await using provisioner = startProvisioner();
    const of = async (): Promise<unknown[]> => {
      const { metadata, spec } = (await service()) ?? { metadata: {}, spec: {} };
      return [spec["type"], spec["externalTrafficPolicy"], metadata.annotations];
    };
    provisioner.ask({ service: { externalTrafficPolicy: "Local", annotations: { a: "b" } } });
    await expect.poll(of, { timeout: 20_000 }).toEqual(["LoadBalancer", "Local", { a: "b" }]);
    provisioner.ask({ service: { type: "ClusterIP" } });
    await expect.poll(of).toEqual(["ClusterIP", undefined, undefined]);
    provisioner.ask({ service: { type: "NodePort" } });
    await expect.poll(of).toEqual(["NodePort", "Cluster", undefined]);
    provisioner.ask({});
    await expect.poll(of).toEqual(["LoadBalancer", "Cluster", undefined]);
    expect(provisioner.problems).toEqual([]);
  });
});

/** Names of all Services that there are. */
async function services(): Promise<readonly string[]> {
  const path = resourcePath({ group: "", version: "v1", plural: "services" });
  const { items } = await cluster.client.request<{
    readonly items: { readonly metadata: { readonly name: string } }[];
  }>({
    method: "GET",
    path,
  });
  return items.map(({ metadata }) => metadata.name).sort();
}

describe.skipIf(environment === undefined)("a Service of two families", () => {
  test("has an address of each, and goes back to one", async () => {
    await using provisioner = startProvisioner();
    const families = async (): Promise<unknown> => {
      const spec = (await service())?.spec;
      return [spec?.["ipFamilyPolicy"], spec?.["ipFamilies"], (spec?.["clusterIPs"] as unknown[] | undefined)?.length];
    };
    provisioner.ask({ service: { ipFamilyPolicy: "RequireDualStack" } });
    await expect.poll(families, { timeout: 20_000 }).toEqual(["RequireDualStack", ["IPv4", "IPv6"], 2]);
    provisioner.ask({});
    await expect.poll(families).toEqual(["SingleStack", ["IPv4"], 1]);
    expect(provisioner.problems).toEqual([]);
  });
});

describe.skipIf(environment === undefined)("overlays", () => {
  const containers = async (): Promise<unknown> => {
    const template = (await deployment())?.spec["template"] as { readonly spec: { readonly containers: object[] } };
    return template.spec.containers.map(
      (container) => Object.entries(container).find(([field]) => field === "name")?.[1],
    );
  };

  test("add a container and whatever else to what is made, and take it with them when they go", async () => {
    await using provisioner = startProvisioner();
    provisioner.ask({
      overlays: {
        deployment: {
          spec: {
            template: {
              spec: {
                containers: [{ name: "log", image: "log:1", volumeMounts: [{ name: "logs", mountPath: "/logs" }] }],
                volumes: [{ name: "logs", emptyDir: {} }],
                topologySpreadConstraints: [
                  { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" },
                ],
              },
            },
          },
        },
        service: {
          metadata: { annotations: { "example.com/scheme": "internal" } },
          spec: { loadBalancerSourceRanges: ["192.0.2.0/24"] },
        },
      },
    });
    await expect.poll(containers, { timeout: 20_000 }).toEqual(["envoy", "log"]);
    await expect
      .poll(async () => (await service())?.metadata.annotations)
      .toEqual({ "example.com/scheme": "internal" });
    expect((await service())?.spec["loadBalancerSourceRanges"]).toEqual(["192.0.2.0/24"]);
    provisioner.ask({});
    await expect.poll(containers).toEqual(["envoy"]);
    await expect
      .poll(async () => {
        const { metadata, spec } = (await service()) ?? {};
        return [metadata?.annotations, spec?.["loadBalancerSourceRanges"]];
      })
      .toEqual([undefined, undefined]);
    expect(provisioner.problems).toEqual([]);
  });

  test("that make no valid object of it are refused in the words of the API server, and nothing changes", async () => {
    await using provisioner = startProvisioner();
    const overlaid = (spec: JsonObject): GatewayParametersSpec => ({ overlays: { deployment: { spec } } });
    provisioner.ask(overlaid({ template: { spec: { containers: [{ name: "log" }] } } }));
    await expect
      .poll(() => provisioner.problems, { timeout: 20_000 })
      .toContainEqual(
        expect.stringMatching(/^refused: .*spec\.template\.spec\.containers\[1\]\.image: Required value/),
      );
    provisioner.ask(overlaid({ tamplate: {} }));
    await expect
      .poll(() => provisioner.problems)
      .toContainEqual(expect.stringMatching(/^refused: .*\.spec\.tamplate: field not declared in schema/));
    expect(await containers()).toEqual(["envoy"]);
  });
});

describe.skipIf(environment === undefined)("a Gateway that asks for an address in the cluster", () => {
  const inCluster = { type: "IPAddress", routability: "Cluster" };
  const remove = (): Promise<unknown> =>
    cluster.client.request({
      method: "DELETE",
      path: resourcePath({ group: "", version: "v1", plural: "services", namespace: "shop", name: "web-trilith" }),
    });

  test("gets the one that it names, and nothing outside", async () => {
    await using provisioner = startProvisioner();
    await remove();
    provisioner.ask({}, [{ ...inCluster, value: "10.97.0.77" }]);
    const told = [[{ type: "IPAddress", value: "10.97.0.77", routability: "Cluster" }], []];
    await expect.poll(() => provisioner.addresses(), { timeout: 20_000 }).toEqual(told);
    expect((await service())?.spec).toMatchObject({ type: "ClusterIP", clusterIP: "10.97.0.77" });
    expect(provisioner.problems).toEqual([]);
  });

  test("gets one that nobody named, beside that of a load balancer which it asks for as well", async () => {
    await using provisioner = startProvisioner();
    await remove();
    provisioner.ask({}, [{ type: "IPAddress", value: "192.0.2.7" }, inCluster]);
    await expect.poll(async () => (await service())?.spec["loadBalancerIP"], { timeout: 20_000 }).toBe("192.0.2.7");
    const spec = (await service())?.spec ?? {};
    const own = { type: "IPAddress", value: spec["clusterIP"], routability: "Cluster" };
    const unusable = [{ value: "192.0.2.7", message: "192.0.2.7 was not given to the Service by its load balancer" }];
    await expect.poll(() => provisioner.addresses()).toEqual([[own], unusable]);
    expect([spec["type"], provisioner.problems]).toEqual(["LoadBalancer", []]);
  });

  test("gets several, each by a Service of its own, and is told of the one that it cannot have", async () => {
    await using provisioner = startProvisioner();
    await remove();
    const asked = ["10.97.0.81", "10.97.0.82", "192.0.2.1"].map((value) => ({ ...inCluster, value }));
    provisioner.ask({}, asked);
    const unusable = [
      { value: "192.0.2.1", message: expect.stringContaining("failed to allocate IP 192.0.2.1") as unknown },
    ];
    await expect.poll(() => provisioner.addresses(), { timeout: 20_000 }).toEqual([asked.slice(0, 2), unusable]);
    provisioner.ask({}, asked.slice(0, 1));
    await expect.poll(() => provisioner.addresses()).toEqual([asked.slice(0, 1), []]);
    await expect.poll(services).toEqual(["kubernetes", "web-trilith"]);
  });

  test("is told where the address is none that the cluster can give", async () => {
    await using provisioner = startProvisioner();
    await remove();
    provisioner.ask({}, [{ ...inCluster, value: "192.0.2.1" }]);
    await expect
      .poll(() => provisioner.problems, { timeout: 20_000 })
      .toContainEqual(expect.stringContaining("failed to allocate IP 192.0.2.1"));
  });
});
