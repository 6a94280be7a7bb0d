import { expect, test } from "vitest";
import { generatedName } from "./generated-name.ts";
import { manifestsOf } from "./manifests.ts";
import { installation, wish } from "./testing/example-wish.ts";
import type { Wish } from "./wish.ts";

interface Sent {
  readonly kind: string;
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
  readonly spec: {
    readonly ports: readonly unknown[];
    readonly loadBalancerIP?: string;
    readonly template: { readonly metadata: Sent["metadata"] };
  };
}

const sentOf = (of: Wish, by = installation): readonly Sent[] => manifestsOf(of, by) as unknown as Sent[];
const find = (sent: readonly Sent[], kind: string): Sent => {
  const found = sent.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
};

test("everything that is made has the Gateway's labels, belongs to it and is named after it", () => {
  const labels = {
    team: "a",
    "gateway.networking.k8s.io/gateway-name": "web",
    "gateway.networking.k8s.io/gateway-class-name": "trilith",
    "app.kubernetes.io/managed-by": "trilith.dev-gateway-controller",
  };
  const owner = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    name: "web",
    uid: "u-1",
    controller: true,
  };
  const metadata = {
    name: "web-trilith",
    namespace: "shop",
    labels,
    annotations: { cost: "b" },
    ownerReferences: [owner],
  };
  expect(manifestsOf(wish, installation).map((manifest) => [manifest.kind, manifest.metadata])).toEqual(
    ["ServiceAccount", "ConfigMap", "Service", "Deployment"].map((kind) => [kind, metadata]),
  );
});

test("one port may be there for TCP and for UDP", () => {
  expect(find(sentOf(wish), "Service").spec.ports).toEqual([
    { name: "tcp-443", port: 443, targetPort: 443, protocol: "TCP" },
    { name: "udp-443", port: 443, targetPort: 443, protocol: "UDP" },
  ]);
});

test("labels of a Gateway cannot take its pods from it", () => {
  const stealing = { ...wish, infrastructure: { labels: { "gateway.networking.k8s.io/gateway-name": "other" } } };
  const { labels } = find(sentOf(stealing), "Deployment").spec.template.metadata;
  expect(labels["gateway.networking.k8s.io/gateway-name"]).toBe("web");
});

test("pods are made anew for another bootstrap, and not for another port or other authorities", () => {
  const filesOf = (sent: readonly Sent[]): string | undefined =>
    find(sent, "Deployment").spec.template.metadata.annotations["trilith.dev/files"];
  const before = filesOf(sentOf(wish));
  expect(filesOf(sentOf({ ...wish, ports: [] }))).toBe(before);
  expect(filesOf(sentOf(wish, { ...installation, caBundle: "PEM, and another" }))).toBe(before);
  const other = { ...installation, filesOf: () => ({ "bootstrap.json": "another" }) };
  expect(filesOf(sentOf(wish, other))).not.toBe(before);
});

test("a Gateway without ports has no Service", () => {
  expect(sentOf({ ...wish, ports: [] }).map(({ kind }) => kind)).toEqual(["ServiceAccount", "ConfigMap", "Deployment"]);
});

test.each([
  ["web", "trilith", "web-trilith"],
  ["a".repeat(55), "trilith", `${"a".repeat(55)}-trilith`],
])("the name for %s of class %s is %s", (gateway, gatewayClass, name) => {
  expect(generatedName(gateway, gatewayClass)).toBe(name);
});

test("a name that is too long is shortened, and stays one of its own", () => {
  const names = ["x", "y"].map((end) => generatedName(`${"a".repeat(252)}${end}`, "trilith"));
  expect(names.map((name) => name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))).toEqual([true, true]);
  expect(names[0]).not.toBe(names[1]);
});

test("names that differ in a dot alone do not meet", () => {
  expect(generatedName("a.b", "trilith")).not.toBe(generatedName("a-b", "trilith"));
});

const specOf = (of: Wish, kind: string): object => find(sentOf(of), kind).spec;
const deploymentOf = (of: Wish): DeploymentSpec => specOf(of, "Deployment") as unknown as DeploymentSpec;

interface DeploymentSpec {
  readonly replicas?: number;
  readonly template: {
    readonly spec: {
      readonly containers: readonly { readonly args: readonly string[]; readonly resources: object }[];
      readonly [field: string]: unknown;
    };
  };
}

test("parameters say how the pods run", () => {
  const tolerations = [{ key: "edge", operator: "Exists" }] as const;
  const parameters = {
    replicas: 3,
    resources: { requests: { cpu: 1 }, limits: { memory: "1Gi" } },
    nodeSelector: { pool: "edge" },
    tolerations,
    priorityClassName: "high",
    envoy: { image: "envoy:2", imagePullPolicy: "Always", concurrency: 4, logLevel: "debug" },
  } as const;
  const { replicas, template } = deploymentOf({ ...wish, parameters });
  const [envoy] = template.spec.containers;
  expect({ replicas, ...template.spec, containers: envoy }).toMatchObject({
    replicas: 3,
    nodeSelector: { pool: "edge" },
    tolerations,
    priorityClassName: "high",
    containers: {
      image: "envoy:2",
      imagePullPolicy: "Always",
      // What has a limit of its own is requested by that.
      resources: { requests: { cpu: 1 }, limits: { memory: "1Gi" } },
      args: expect.arrayContaining(["--log-level", "debug", "--concurrency", "4"]),
    },
  });
});

test.each([
  [undefined, { requests: { cpu: "10m", memory: "64Mi" } }],
  [{ requests: { memory: "1Gi" } }, { requests: { cpu: "10m", memory: "1Gi" } }],
  [{ limits: { cpu: 1, memory: "32Mi" } }, { requests: {}, limits: { cpu: 1, memory: "32Mi" } }],
])("of the resources %j a container gets %j", (resources, got) => {
  const parameters = resources === undefined ? {} : { resources };
  const { template } = deploymentOf({ ...wish, parameters });
  expect(template.spec.containers[0]?.resources).toEqual(got);
});

test.each([
  [{}, { type: "LoadBalancer", loadBalancerIP: "192.0.2.1" }],
  [
    { loadBalancerClass: "a", externalTrafficPolicy: "Local" },
    { type: "LoadBalancer", loadBalancerClass: "a", loadBalancerIP: "192.0.2.1", externalTrafficPolicy: "Local" },
  ],
  [
    { type: "NodePort", loadBalancerClass: "a", externalTrafficPolicy: "Local" },
    { type: "NodePort", externalTrafficPolicy: "Local" },
  ],
  [{ type: "ClusterIP", loadBalancerClass: "a", externalTrafficPolicy: "Local" }, { type: "ClusterIP" }],
] as const)("a Service by the parameters %j is %j", (service, expected) => {
  const addresses = [{ type: "IPAddress", value: "192.0.2.1" }];
  const sent = Object.entries(specOf({ ...wish, addresses, parameters: { service } }, "Service"));
  const others = ["ports", "selector", "ipFamilyPolicy", "ipFamilies"];
  expect(Object.fromEntries(sent.filter(([field]) => !others.includes(field)))).toEqual(expected);
});

test("annotations of the Service are on nothing else, and those of the Gateway win", () => {
  const parameters = { service: { annotations: { cost: "x", only: "here" } } };
  const annotated = sentOf({ ...wish, parameters }).map(({ kind, metadata }) => [kind, metadata.annotations]);
  expect(annotated).toEqual([
    ["ServiceAccount", { cost: "b" }],
    ["ConfigMap", { cost: "b" }],
    ["Service", { cost: "b", only: "here" }],
    ["Deployment", { cost: "b" }],
  ]);
});

test("an autoscaler says how many pods there are, and a budget how many may be missing", () => {
  const autoscaling = { minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 60 };
  const of = { ...wish, parameters: { replicas: 3, podDisruptionBudget: { maxUnavailable: 1 }, autoscaling } };
  expect([deploymentOf(of).replicas, specOf(of, "PodDisruptionBudget"), specOf(of, "HorizontalPodAutoscaler")]).toEqual(
    [
      undefined,
      {
        maxUnavailable: 1,
        selector: {
          matchLabels: {
            "gateway.networking.k8s.io/gateway-name": "web",
            "gateway.networking.k8s.io/gateway-class-name": "trilith",
          },
        },
      },
      {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web-trilith" },
        minReplicas: 2,
        maxReplicas: 5,
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } },
        ],
      },
    ],
  );
});

test("a Service for the cluster alone is of type ClusterIP whatever the parameters say, with the address that was asked for", () => {
  const addresses = [{ type: "IPAddress", value: "10.0.0.9", routability: "Cluster" }];
  const parameters = { service: { type: "LoadBalancer", externalTrafficPolicy: "Local" } } as const;
  const { type, clusterIP, loadBalancerIP } = specOf({ ...wish, addresses, parameters }, "Service") as Record<
    string,
    unknown
  >;
  expect([type, clusterIP, loadBalancerIP]).toEqual(["ClusterIP", "10.0.0.9", undefined]);
});

test("overlays are laid over what is made, one after the other and after all else", () => {
  const overlaid: Wish = {
    ...wish,
    parameters: { service: { annotations: { a: "1", b: "1" } } },
    overlays: [
      { service: { metadata: { annotations: { b: "2", c: "2", cost: null } } } },
      { service: { metadata: { annotations: { c: "3" } } }, deployment: { spec: { paused: true } } },
    ],
  };
  const sent = sentOf(overlaid);
  expect(find(sent, "Service").metadata.annotations).toEqual({ a: "1", b: "2", c: "3" });
  expect(find(sent, "Deployment").spec).toEqual({ ...find(sentOf(wish), "Deployment").spec, paused: true });
  expect(find(sent, "ConfigMap")).toEqual(find(sentOf(wish), "ConfigMap"));
});
