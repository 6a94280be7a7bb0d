/** Trilith's own kinds: our schema and the CRD of the chart say the same, and Kubernetes' own code agrees on examples. */
import { afterAll, describe, expect, inject, test } from "vitest";
import { type Kind, schemas, validate } from "../../src/resources/index.ts";
import { compareVerdicts } from "./compare-verdicts.ts";
import type { Json, JsonObject } from "./custom-resource-schema.ts";
import { factsOfOurs } from "./our-schema-facts.ts";
import { differencesBetween, factsOf } from "./schema-facts.ts";
import { readServedVersions, SchemaOracle } from "./schema-oracle.ts";

const built = inject("schemaOracle");

interface OwnKind {
  readonly kind: Kind;
  /** Specs. */
  readonly valid: readonly JsonObject[];
  readonly invalid: readonly JsonObject[];
}

const gatewayParameters: OwnKind = {
  kind: "GatewayParameters",
  valid: [
    {},
    {
      replicas: 3,
      resources: { requests: { cpu: 1, memory: "64Mi" }, limits: { cpu: "1000m", memory: "1Gi" } },
      nodeSelector: { "kubernetes.io/os": "linux", empty: "" },
      tolerations: [
        { key: "example.com/edge", operator: "Equal", value: "yes", effect: "NoExecute", tolerationSeconds: 60 },
        { operator: "Exists" },
        { key: "edge" },
      ],
      priorityClassName: "system-cluster-critical",
      service: {
        type: "LoadBalancer",
        annotations: { "example.com/class": "internal", none: "" },
        externalTrafficPolicy: "Local",
        loadBalancerClass: "example.com/internal",
      },
      envoy: {
        image: "registry.example.com:5000/a/envoy@sha256:0a",
        imagePullPolicy: "Never",
        concurrency: 4,
        logLevel: "off",
      },
      podDisruptionBudget: { maxUnavailable: "25%" },
      autoscaling: { minReplicas: 2, maxReplicas: 2, targetCPUUtilizationPercentage: 60 },
    },
    { replicas: null, service: { type: null, annotations: { a: null } } },
    { service: { type: "NodePort", externalTrafficPolicy: "Local" } },
    { service: { type: "ClusterIP" } },
    { service: { loadBalancerClass: "internal" } },
    { service: { ipFamilies: ["IPv6"] } },
    { service: { ipFamilyPolicy: "PreferDualStack", ipFamilies: ["IPv6", "IPv4"] } },
    { podDisruptionBudget: { minAvailable: 1 } },
    { podDisruptionBudget: { minAvailable: "100%" } },
    { autoscaling: { maxReplicas: 5 } },
    {
      resources: {
        requests: { cpu: "1.5", "ephemeral-storage": "1G" },
        limits: { cpu: "1500m", "ephemeral-storage": "1Gi" },
      },
    },
    { resources: { requests: { cpu: 2 }, limits: { memory: "1Ki" } } },
    { hosts: "Few" },
    { hosts: "Many" },
    { hosts: null },
    { somethingElse: true, service: { somethingElse: true } },
    {
      overlays: {
        deployment: { spec: { template: { spec: { containers: [{ name: "log", image: "log:1" }], volumes: null } } } },
        service: { metadata: { annotations: { a: "b" } } },
        serviceAccount: {},
        podDisruptionBudget: { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } },
        horizontalPodAutoscaler: { spec: { behavior: {} } },
        configMap: {},
      },
    },
  ],
  invalid: [
    { replicas: 0 },
    { replicas: 1001 },
    { replicas: "3" },
    { resources: { requests: { cpu: -1 } } },
    { resources: { requests: { cpu: "1e3" } } },
    { resources: { requests: { cpu: 1.5 } } },
    { resources: { requests: { cpu: "" } } },
    { resources: { requests: { cpu: "1001m" }, limits: { cpu: 1 } } },
    { resources: { requests: { memory: "1Gi" }, limits: { memory: "1G" } } },
    { resources: { requests: { "ephemeral-storage": 2 }, limits: { "ephemeral-storage": "1.999" } } },
    { nodeSelector: { a: "-" } },
    { nodeSelector: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, "v"])) },
    { tolerations: [{}] },
    { tolerations: [{ key: "", operator: "Exists" }] },
    { tolerations: [{ key: "a", operator: "Exists", value: "b" }] },
    { tolerations: [{ key: "a", tolerationSeconds: 1 }] },
    { tolerations: [{ key: "a", effect: "NoSchedule", tolerationSeconds: 1 }] },
    { tolerations: [{ key: "a", operator: "In" }] },
    { priorityClassName: "" },
    { priorityClassName: "A" },
    { service: { type: "ExternalName" } },
    { service: { type: "ClusterIP", externalTrafficPolicy: "Cluster" } },
    { service: { type: "NodePort", loadBalancerClass: "a" } },
    { service: { loadBalancerClass: "a b" } },
    { service: { annotations: { a: 1 } } },
    { service: { ipFamilyPolicy: "DualStack" } },
    { service: { ipFamilies: [] } },
    { service: { ipFamilies: ["IPv4", "IPv6"] } },
    { service: { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv4", "IPv4"] } },
    { envoy: { image: "a b" } },
    { envoy: { image: "" } },
    { envoy: { imagePullPolicy: "Sometimes" } },
    { envoy: { concurrency: 0 } },
    { envoy: { logLevel: "loud" } },
    { podDisruptionBudget: {} },
    { podDisruptionBudget: { minAvailable: 1, maxUnavailable: 1 } },
    { podDisruptionBudget: { minAvailable: "101%" } },
    { podDisruptionBudget: { minAvailable: -1 } },
    { podDisruptionBudget: { maxUnavailable: 1001 } },
    { autoscaling: {} },
    { autoscaling: { minReplicas: 3, maxReplicas: 2 } },
    { autoscaling: { maxReplicas: 2, targetCPUUtilizationPercentage: 0 } },
    { hosts: "many" },
    { hosts: "" },
    { hosts: 500 },
    { overlays: { deployment: [] } },
    { overlays: { service: "metadata" } },
  ],
};

const source = (of: Json): JsonObject => ({ rules: [{ sources: [of] }] });
const request = (of: Json): JsonObject => ({ rules: [{ requests: [of] }] });
const path = (type: string, value: string): JsonObject => request({ paths: [{ type, value }] });

const GATEWAY = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "web" };
const XBACKEND = { group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "far" };

const accessPolicy: OwnKind = {
  kind: "AccessPolicy",
  valid: [
    {},
    { action: "Allow", mode: "Audit" },
    { targetRefs: [{ group: "", kind: "ServiceAccount", name: "cart" }] },
    { action: "Deny", rules: [{}] },
    source({ type: "Mesh" }),
    source({ type: "Outside" }),
    source({ type: "Namespace", namespace: "shop" }),
    source({ type: "ServiceAccount", serviceAccount: { namespace: "shop", name: "web.front" } }),
    source({ type: "Identity", identity: "spiffe://cluster.local/ns/shop/sa/web" }),
    request({ methods: ["GET", "M-SEARCH"], ports: [1, 65_535] }),
    path("Exact", "/"),
    path("PathPrefix", "/admin/"),
    path("Exact", "/a.b/.well-known/...,x=1@:~$&'()*+!"),
    { targetRefs: [GATEWAY] },
    { targetRefs: [GATEWAY, { group: "", kind: "ServiceAccount", name: "cart" }], rules: [{}] },
    { targetRefs: [GATEWAY], ...request({ hostnames: ["admin.example.com", "*.example.com"] }) },
    { targetRefs: [XBACKEND], ...path("PathPrefix", "/v1") },
    { targetRefs: [XBACKEND, GATEWAY], action: "Deny", ...source({ type: "Outside" }) },
  ],
  invalid: [
    { targetRefs: [] },
    { targetRefs: [{ group: "", kind: "Service", name: "cart" }] },
    { targetRefs: [{ group: "", kind: "ServiceAccount", name: "Cart" }] },
    { targetRefs: [{ kind: "ServiceAccount", name: "cart" }] },
    { action: "Deny" },
    { action: "Log" },
    { mode: "Off" },
    { rules: [] },
    { rules: [{ sources: [] }] },
    { rules: [{ requests: [] }] },
    source({}),
    source({ type: "Namespace" }),
    source({ type: "Mesh", namespace: "shop" }),
    source({ type: "Outside", namespace: "shop" }),
    source({ type: "ServiceAccount", serviceAccount: { name: "web" } }),
    source({ type: "ServiceAccount", namespace: "shop" }),
    source({ type: "Identity", identity: "cluster.local/ns/shop/sa/web" }),
    source({ type: "Identity", serviceAccount: { namespace: "shop", name: "web" } }),
    request({}),
    request({ methods: ["get"] }),
    request({ methods: [] }),
    request({ ports: [0] }),
    path("PathPrefix", "admin"),
    path("PathPrefix", "/%61dmin"),
    path("PathPrefix", "/a;b"),
    path("PathPrefix", "/a//b"),
    path("PathPrefix", "/a/.."),
    path("Exact", "/a/./b"),
    path("RegularExpression", "/a"),
    { targetRefs: [{ ...GATEWAY, group: "" }] },
    { targetRefs: [{ group: "gateway.networking.k8s.io", kind: "ServiceAccount", name: "cart" }] },
    { targetRefs: [{ ...XBACKEND, group: "gateway.networking.k8s.io" }] },
    { targetRefs: [{ ...GATEWAY, group: XBACKEND.group }] },
    { targetRefs: [XBACKEND], ...request({ ports: [443] }) },
    { targetRefs: [GATEWAY, XBACKEND], ...request({ ports: [443] }) },
    { targetRefs: [XBACKEND], ...request({ hostnames: ["a.test"] }) },
    request({ hostnames: ["admin.example.com"] }),
    {
      targetRefs: [GATEWAY, { group: "", kind: "ServiceAccount", name: "cart" }],
      ...request({ hostnames: ["a.test"] }),
    },
    { targetRefs: [GATEWAY], ...request({ hostnames: [] }) },
    { targetRefs: [GATEWAY], ...request({ hostnames: ["Admin.example.com"] }) },
    { targetRefs: [GATEWAY], ...request({ hostnames: ["admin.example.com:80"] }) },
  ],
};

const SERVICE = { group: "", kind: "Service", name: "cart" };
const toCart = (spec: JsonObject): JsonObject => ({ targetRefs: [SERVICE], ...spec });
const targeting = (...targetRefs: JsonObject[]): JsonObject => ({
  targetRefs,
  circuitBreaker: { maxRetries: 0 },
});
const balanced = (loadBalancing: JsonObject): JsonObject => toCart({ loadBalancing });
const ejecting = (outlierDetection: JsonObject): JsonObject => toCart({ outlierDetection });
const checked = (healthCheck: JsonObject): JsonObject => toCart({ healthCheck });
const connected = (connection: JsonObject): JsonObject => toCart({ connection });

const backendPolicy: OwnKind = {
  kind: "BackendPolicy",
  valid: [
    targeting(SERVICE),
    targeting(SERVICE, XBACKEND),
    targeting({ ...SERVICE, sectionName: "a" }, { ...SERVICE, sectionName: "b" }),
    balanced({ type: "RoundRobin" }),
    balanced({ type: "ConsistentHash", consistentHash: { type: "SourceAddress" } }),
    balanced({ type: "ConsistentHash", consistentHash: { type: "Header", header: { name: "X-User" } } }),
    balanced({ type: "ConsistentHash", consistentHash: { type: "Cookie", cookie: { name: "user" } } }),
    toCart({ circuitBreaker: { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 0 } }),
    ejecting({ consecutive5xxErrors: 1 }),
    ejecting({ consecutiveLocalErrors: 3, baseEjectionTime: "5m", maxEjectionTime: "5m", maxEjectionPercent: 100 }),
    checked({ type: "TCP" }),
    checked({ type: "GRPC" }),
    checked({ type: "GRPC", grpc: { service: "shop.v1.Cart" }, timeout: "10s" }),
    checked({ type: "HTTP", http: { path: "/healthz?full=1" }, interval: "100ms", timeout: "10ms" }),
    checked({ type: "HTTP", http: { path: "/", host: "a.example.com", method: "HEAD", expectedStatuses: [204, 401] } }),
    { ...checked({ type: "TCP" }), whenNoneHealthy: "Refuse" },
    connected({ connectTimeout: "500ms", idleTimeout: "1h", maxDuration: "24h", maxRequestsPerConnection: 1 }),
    connected({ tcpKeepalive: {} }),
    connected({ tcpKeepalive: { time: "30s", interval: "1m30s", probes: 5 } }),
    connected({ http2: { maxConcurrentStreams: 100, keepalive: { interval: "30s", timeout: "5s" } } }),
    connected({ http2: { initialStreamWindowBytes: 65_535, initialConnectionWindowBytes: 1_048_576 } }),
  ],
  invalid: [
    { circuitBreaker: { maxRetries: 0 } },
    targeting(),
    targeting({ ...SERVICE, group: XBACKEND.group }),
    targeting({ ...XBACKEND, group: "" }),
    targeting({ ...XBACKEND, sectionName: "a" }),
    targeting({ ...SERVICE, kind: "Pod" }),
    targeting(SERVICE, SERVICE),
    targeting(SERVICE, { ...SERVICE, sectionName: "a" }),
    toCart({}),
    toCart({ whenNoneHealthy: "Refuse" }),
    toCart({ circuitBreaker: {} }),
    toCart({ circuitBreaker: { maxConnections: 0 } }),
    balanced({ type: "Maglev" }),
    balanced({ type: "ConsistentHash" }),
    balanced({ type: "Random", consistentHash: { type: "SourceAddress" } }),
    balanced({ type: "ConsistentHash", consistentHash: { type: "Header", cookie: { name: "user" } } }),
    balanced({ type: "ConsistentHash", consistentHash: { type: "SourceAddress", header: { name: "a" } } }),
    balanced({ type: "ConsistentHash", consistentHash: { type: "Header", header: { name: "a b" } } }),
    ejecting({}),
    ejecting({ interval: "1s" }),
    ejecting({ consecutive5xxErrors: 0 }),
    ejecting({ consecutive5xxErrors: 1, interval: "0s" }),
    ejecting({ consecutive5xxErrors: 1, baseEjectionTime: "6m" }),
    ejecting({ consecutive5xxErrors: 1, maxEjectionPercent: 101 }),
    checked({ type: "HTTP" }),
    checked({ type: "HTTP", http: { path: "healthz" } }),
    checked({ type: "HTTP", http: { path: "/a#b" } }),
    checked({ type: "HTTP", http: { path: "/", method: "POST" } }),
    checked({ type: "HTTP", http: { path: "/", host: "a.example.com:80" } }),
    checked({ type: "HTTP", http: { path: "/", expectedStatuses: [99] } }),
    checked({ type: "TCP", http: { path: "/" } }),
    checked({ type: "TCP", grpc: {} }),
    checked({ type: "GRPC", grpc: { service: "shop/Cart" } }),
    checked({ type: "TCP", timeout: "11s" }),
    checked({ type: "TCP", interval: "99ms" }),
    checked({ type: "TCP", healthyThreshold: 0 }),
    connected({}),
    connected({ connectTimeout: "0s" }),
    connected({ connectTimeout: "2m" }),
    connected({ idleTimeout: "1d" }),
    connected({ maxRequestsPerConnection: 0 }),
    connected({ tcpKeepalive: { time: "500ms" } }),
    connected({ http2: {} }),
    connected({ http2: { initialStreamWindowBytes: 1 } }),
    connected({ http2: { keepalive: { interval: "30s" } } }),
  ],
};

describe.each([gatewayParameters, accessPolicy, backendPolicy])("$kind", ({ kind, valid, invalid }) => {
  const objectOf = (spec: Json): JsonObject => ({
    apiVersion: "trilith.dev/v1alpha1",
    kind,
    metadata: { name: "a", namespace: "b" },
    spec,
  });

  test.each([...valid, ...invalid])("our schema says of %j whether it is valid", (spec) => {
    const { problems } = validate(objectOf(spec));
    expect(problems.every(({ severity }) => severity !== "error")).toBe(valid.includes(spec));
  });

  describe.skipIf(built === undefined)("the CRD", () => {
    if (built === undefined) return;
    const oracle = new SchemaOracle(built, "trilith");
    afterAll(() => oracle.close());

    test("says what our schema says: fields, bounds, patterns, defaults and rules", async () => {
      const ours = schemas.find((each) => each.kind === kind);
      const theirs = (await readServedVersions(built, "trilith")).find((each) => each.kind === kind);
      if (ours === undefined || theirs === undefined) throw new Error(`there is no ${kind}`);
      expect([theirs.group, theirs.version, theirs.namespaced]).toEqual(["trilith.dev", "v1alpha1", true]);
      const differences = differencesBetween(factsOfOurs(ours.schema, "it"), factsOf(theirs.schema, "it"));
      // CRDs leave metadata and the name of the kind to the API server.
      expect(differences.filter((line) => !line.startsWith("it.metadata") && !line.startsWith("it.kind enum"))).toEqual(
        [],
      );
    });

    test.each([...valid, ...invalid])("is of one mind with our schema about %j", async (spec) => {
      const { differences, verdict } = await compareVerdicts(oracle, objectOf(spec));
      expect([differences, verdict.valid]).toEqual([[], valid.includes(spec)]);
    });
  });
});
