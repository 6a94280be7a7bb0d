/** The schema of GatewayParameters; charts/trilith/crds says the same to API servers, and a test holds the two equal. */
import { millionthsOf } from "../quantity.ts";
import type {
  AutoscalingParameters,
  ContainerResources,
  EnvoyParameters,
  GatewayParameters,
  GatewayParametersSpec,
  Overlay,
  Overlays,
  PodDisruptionBudgetParameters,
  Quantity,
  ResourceAmounts,
  ServiceParameters,
  Toleration,
} from "../types/gateway-parameters.ts";
import { integer, list, map, named, object, oneOf, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { containerImage, dnsSubdomain, labelValue, percentage, qualifiedName, quantity } from "./pattern.ts";
import { type Rule, violationIf } from "./rule.ts";
import type { IntegerOrStringSchema, IntegerSchema, Schema } from "./schema.ts";

const amount: IntegerOrStringSchema = { type: "integer-or-string", pattern: quantity, minimum: 0 };
const podCount: IntegerSchema<number> = integer({ minimum: 1, maximum: 1000 });
const podShare: IntegerOrStringSchema = { type: "integer-or-string", pattern: percentage, minimum: 0, maximum: 1000 };

const amounts: Schema<ResourceAmounts> = object<ResourceAmounts>({
  cpu: amount,
  memory: amount,
  "ephemeral-storage": amount,
});

const requestsWithinLimits: Rule<ContainerResources> = {
  id: "requests must not be more than limits",
  find: ({ requests = {}, limits = {} }) =>
    (["cpu", "memory", "ephemeral-storage"] as const).flatMap((name) =>
      violationIf(
        isMore(requests[name], limits[name]),
        `${requests[name] ?? ""} is more than the limit of ${limits[name] ?? ""}`,
        ["requests", name],
      ),
    ),
};

function isMore(request: Quantity | undefined, limit: Quantity | undefined): boolean {
  const [asked, allowed] = [request, limit].map((each) => (each === undefined ? undefined : millionthsOf(each)));
  return asked !== undefined && allowed !== undefined && asked > allowed;
}

const toleration: Schema<Toleration> = object<Toleration>(
  {
    key: string({ maxLength: 317, pattern: qualifiedName }),
    operator: oneOf(["Exists", "Equal"]),
    value: string({ maxLength: 63, pattern: labelValue }),
    effect: oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    tolerationSeconds: integer({ format: "int64" }),
  },
  [],
  {
    rules: [
      {
        id: "operator must be Exists when key is not set",
        find: ({ key, operator }) =>
          violationIf(
            key === undefined && operator !== "Exists",
            "tolerates every taint, which only operator Exists can",
            [],
            'Set "key", or "operator" to "Exists"',
          ),
      },
      {
        id: "value must not be set when operator is Exists",
        find: ({ value, operator }) =>
          violationIf(value !== undefined && operator === "Exists", "does not go with operator Exists", ["value"]),
      },
      {
        id: "tolerationSeconds can only be set when effect is NoExecute",
        find: ({ tolerationSeconds, effect }) =>
          violationIf(
            tolerationSeconds !== undefined && effect !== "NoExecute",
            "goes with the effect NoExecute only",
            ["tolerationSeconds"],
          ),
      },
    ],
  },
);

const service: Schema<ServiceParameters> = object<ServiceParameters>(
  {
    type: oneOf(["LoadBalancer", "NodePort", "ClusterIP"]),
    annotations: map<string>(string(), { maxProperties: 64 }),
    externalTrafficPolicy: oneOf(["Cluster", "Local"]),
    loadBalancerClass: named(qualifiedName, 317),
    ipFamilyPolicy: oneOf(["SingleStack", "PreferDualStack", "RequireDualStack"]),
    ipFamilies: list<"IPv4" | "IPv6">(oneOf(["IPv4", "IPv6"]), { minItems: 1, maxItems: 2 }),
  },
  [],
  {
    rules: [
      {
        id: "externalTrafficPolicy must not be set when type is ClusterIP",
        find: ({ type, externalTrafficPolicy }) =>
          violationIf(
            type === "ClusterIP" && externalTrafficPolicy !== undefined,
            "does not go with type ClusterIP, which nothing outside of the cluster reaches",
            ["externalTrafficPolicy"],
          ),
      },
      {
        id: "loadBalancerClass can only be set when type is LoadBalancer",
        find: ({ type = "LoadBalancer", loadBalancerClass }) =>
          violationIf(
            type !== "LoadBalancer" && loadBalancerClass !== undefined,
            `goes with type LoadBalancer only, but type is ${type}`,
            ["loadBalancerClass"],
          ),
      },
      {
        id: "two ipFamilies must differ, and need an ipFamilyPolicy of PreferDualStack or RequireDualStack",
        find: ({ ipFamilyPolicy = "SingleStack", ipFamilies: [first, second] = [] }) =>
          violationIf(
            second !== undefined && (first === second || ipFamilyPolicy === "SingleStack"),
            first === second ? "names a family twice" : "does not go with ipFamilyPolicy SingleStack",
            ["ipFamilies"],
          ),
      },
    ],
  },
);

const envoy: Schema<EnvoyParameters> = object<EnvoyParameters>({
  image: named(containerImage, 1024),
  imagePullPolicy: oneOf(["Always", "IfNotPresent", "Never"]),
  concurrency: integer({ minimum: 1, maximum: 256 }),
  logLevel: oneOf(["trace", "debug", "info", "warning", "error", "critical", "off"]),
});

const podDisruptionBudget: Schema<PodDisruptionBudgetParameters> = object<PodDisruptionBudgetParameters>(
  { minAvailable: podShare, maxUnavailable: podShare },
  [],
  {
    rules: [
      {
        id: "exactly one of minAvailable and maxUnavailable must be set",
        find: ({ minAvailable, maxUnavailable }) =>
          violationIf(
            (minAvailable === undefined) === (maxUnavailable === undefined),
            "must have exactly one of minAvailable and maxUnavailable",
          ),
      },
    ],
  },
);

const autoscaling: Schema<AutoscalingParameters> = object<AutoscalingParameters>(
  {
    minReplicas: { ...podCount, default: 1 },
    maxReplicas: podCount,
    targetCPUUtilizationPercentage: integer({ minimum: 1, maximum: 1000, default: 80 }),
  },
  ["maxReplicas"],
  {
    rules: [
      {
        id: "minReplicas must not be more than maxReplicas",
        find: ({ minReplicas, maxReplicas }) =>
          violationIf(minReplicas > maxReplicas, `${minReplicas} is more than maxReplicas, ${maxReplicas}`, [
            "minReplicas",
          ]),
      },
    ],
  },
);

/** As it is: only what it is laid over says what may be in it. */
const overlay: Schema<Overlay> = object<object>({}, [], { preserveUnknown: true });

const overlays: Schema<Overlays> = object<Overlays>({
  deployment: overlay,
  service: overlay,
  serviceAccount: overlay,
  podDisruptionBudget: overlay,
  horizontalPodAutoscaler: overlay,
});

export const gatewayParametersSchema: Schema<GatewayParameters> = object<GatewayParameters>(
  {
    apiVersion: string(),
    kind: oneOf(["GatewayParameters"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<GatewayParametersSpec>({
      replicas: podCount,
      resources: object<ContainerResources>({ requests: amounts, limits: amounts }, [], {
        rules: [requestsWithinLimits],
      }),
      nodeSelector: map<string>(string({ maxLength: 63, pattern: labelValue }), { maxProperties: 32 }),
      tolerations: list<Toleration>(toleration, { maxItems: 32 }),
      priorityClassName: named(dnsSubdomain, 253),
      service,
      envoy,
      podDisruptionBudget,
      autoscaling,
      hosts: oneOf(["Few", "Many"]),
      overlays,
    }),
  },
  ["spec"],
);
