/** The schema of BackendPolicy; charts/trilith/crds says the same to API servers, and a test holds the two equal. */
import { parseDuration } from "../duration.ts";
import { experimentalGroup } from "../kinds.ts";
import type {
  BackendPolicy,
  BackendPolicySpec,
  CircuitBreakerPolicy,
  ConnectionPolicy,
  ConsistentHashPolicy,
  GrpcHealthCheck,
  HealthCheckPolicy,
  Http2Policy,
  HttpHealthCheck,
  LoadBalancingPolicy,
  OutlierDetectionPolicy,
  TcpKeepalivePolicy,
} from "../types/backend-policy.ts";
import type { LocalPolicyTargetReferenceWithSectionName } from "../types/references.ts";
import { duration, integer, list, named, object, oneOf, preciseHostname, sectionName, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, headerName, healthService, pathWithQuery } from "./pattern.ts";
import { distinctTargets } from "./references.ts";
import { onlyFor, type Rule, violationIf } from "./rule.ts";
import type { IntegerSchema, Schema, StringSchema } from "./schema.ts";
import { policyStatus } from "./status.ts";

/** A duration within bounds. */
function durationFrom(least: string, most: string, byDefault?: string): StringSchema<string> {
  const [leastMs, mostMs] = [parseDuration(least) ?? 0, parseDuration(most) ?? Number.POSITIVE_INFINITY];
  const between: Rule<string> = {
    id: `must be from ${least} to ${most}`,
    find: (value) => {
      const ms = parseDuration(value);
      return violationIf(ms !== undefined && (ms < leastMs || ms > mostMs), `${value} is not from ${least} to ${most}`);
    },
  };
  return { ...duration, rules: [between], ...(byDefault !== undefined && { default: byDefault }) };
}

const count = (minimum: number, maximum: number, byDefault?: number): IntegerSchema<number> =>
  integer({ minimum, maximum, ...(byDefault !== undefined && { default: byDefault }) });

const MAX_INT32 = 2 ** 31 - 1;

const target: Schema<LocalPolicyTargetReferenceWithSectionName> = object<LocalPolicyTargetReferenceWithSectionName>(
  {
    group: oneOf<string>(["", experimentalGroup]),
    kind: oneOf<string>(["Service", "XBackend"]),
    name: named(dnsSubdomain, 253),
    sectionName,
  },
  ["group", "kind", "name"],
  {
    rules: [
      {
        id: 'group must be "" for a Service, and gateway.networking.x-k8s.io for an XBackend',
        find: ({ group, kind }) =>
          violationIf(
            (kind === "Service") !== (group === ""),
            `is not the group of a ${kind}`,
            ["group"],
            `Write "${kind === "Service" ? "" : experimentalGroup}"`,
          ),
      },
      {
        id: "an XBackend has no sections",
        find: (of) =>
          violationIf(of.kind === "XBackend" && of.sectionName !== undefined, "does not go with an XBackend", [
            "sectionName",
          ]),
      },
    ],
  },
);

const consistentHash: Schema<ConsistentHashPolicy> = object<ConsistentHashPolicy>(
  {
    type: oneOf(["Header", "Cookie", "SourceAddress"]),
    header: object<{ name: string }>({ name: named(headerName, 256) }, ["name"]),
    cookie: object<{ name: string }>({ name: named(headerName, 256) }, ["name"]),
  },
  ["type"],
  {
    rules: [
      onlyFor("header must be set when type is Header, and only then", "type", ["Header"], "header"),
      onlyFor("cookie must be set when type is Cookie, and only then", "type", ["Cookie"], "cookie"),
    ],
  },
);

const loadBalancing: Schema<LoadBalancingPolicy> = object<LoadBalancingPolicy>(
  { type: oneOf(["RoundRobin", "LeastRequest", "Random", "ConsistentHash"]), consistentHash },
  ["type"],
  {
    rules: [
      onlyFor(
        "consistentHash must be set when type is ConsistentHash, and only then",
        "type",
        ["ConsistentHash"],
        "consistentHash",
      ),
    ],
  },
);

const circuitBreaker: Schema<CircuitBreakerPolicy> = object<CircuitBreakerPolicy>(
  {
    maxConnections: count(1, MAX_INT32),
    maxPendingRequests: count(1, MAX_INT32),
    maxRequests: count(1, MAX_INT32),
    maxRetries: count(0, MAX_INT32),
  },
  [],
  { minProperties: 1 },
);

const outlierDetection: Schema<OutlierDetectionPolicy> = object<OutlierDetectionPolicy>(
  {
    consecutive5xxErrors: count(1, 10_000),
    consecutiveGatewayErrors: count(1, 10_000),
    consecutiveLocalErrors: count(1, 10_000),
    interval: durationFrom("100ms", "1h", "10s"),
    baseEjectionTime: durationFrom("100ms", "24h", "30s"),
    maxEjectionTime: durationFrom("100ms", "24h", "5m"),
    maxEjectionPercent: count(1, 100, 50),
  },
  [],
  {
    rules: [
      {
        id: "at least one of consecutive5xxErrors, consecutiveGatewayErrors and consecutiveLocalErrors must be set",
        find: ({ consecutive5xxErrors, consecutiveGatewayErrors, consecutiveLocalErrors }) =>
          violationIf(
            consecutive5xxErrors === undefined &&
              consecutiveGatewayErrors === undefined &&
              consecutiveLocalErrors === undefined,
            "ejects nothing without one of consecutive5xxErrors, consecutiveGatewayErrors and consecutiveLocalErrors",
          ),
      },
      {
        id: "maxEjectionTime must not be shorter than baseEjectionTime",
        find: ({ baseEjectionTime, maxEjectionTime }) =>
          violationIf(
            (parseDuration(maxEjectionTime) ?? 0) < (parseDuration(baseEjectionTime) ?? 0),
            `${maxEjectionTime} is shorter than baseEjectionTime, ${baseEjectionTime}`,
            ["maxEjectionTime"],
          ),
      },
    ],
  },
);

const http: Schema<HttpHealthCheck> = object<HttpHealthCheck>(
  {
    path: string({ maxLength: 1024, pattern: pathWithQuery }),
    host: preciseHostname,
    method: oneOf(["GET", "HEAD"], { default: "GET" }),
    expectedStatuses: list<number>(count(100, 599), { minItems: 1, maxItems: 32 }),
  },
  ["path"],
);

const healthCheck: Schema<HealthCheckPolicy> = object<HealthCheckPolicy>(
  {
    type: oneOf(["HTTP", "GRPC", "TCP"]),
    http,
    grpc: object<GrpcHealthCheck>({ service: named(healthService, 1024) }),
    interval: durationFrom("100ms", "1h", "10s"),
    timeout: durationFrom("10ms", "10s", "1s"),
    healthyThreshold: count(1, 100, 2),
    unhealthyThreshold: count(1, 100, 3),
  },
  ["type"],
  {
    rules: [
      onlyFor("http must be set when type is HTTP, and only then", "type", ["HTTP"], "http"),
      {
        id: "grpc must not be set unless type is GRPC",
        find: ({ type, grpc }) =>
          violationIf(grpc !== undefined && type !== "GRPC", `does not go with type "${type}"`, ["grpc"]),
      },
    ],
  },
);

const tcpKeepalive: Schema<TcpKeepalivePolicy> = object<TcpKeepalivePolicy>({
  time: durationFrom("1s", "2h", "1m"),
  interval: durationFrom("1s", "2h", "20s"),
  probes: count(1, 100, 3),
});

const MIN_WINDOW = 65_535;

const http2: Schema<Http2Policy> = object<Http2Policy>(
  {
    maxConcurrentStreams: count(1, MAX_INT32),
    initialStreamWindowBytes: count(MIN_WINDOW, MAX_INT32),
    initialConnectionWindowBytes: count(MIN_WINDOW, MAX_INT32),
    keepalive: object<NonNullable<Http2Policy["keepalive"]>>(
      { interval: durationFrom("100ms", "1h"), timeout: durationFrom("100ms", "1h") },
      ["interval", "timeout"],
    ),
  },
  [],
  { minProperties: 1 },
);

const connection: Schema<ConnectionPolicy> = object<ConnectionPolicy>(
  {
    connectTimeout: durationFrom("10ms", "1m"),
    idleTimeout: durationFrom("100ms", "24h"),
    maxDuration: durationFrom("1s", "24h"),
    maxRequestsPerConnection: count(1, MAX_INT32),
    tcpKeepalive,
    http2,
  },
  [],
  { minProperties: 1 },
);

const asksForSomething: Rule<BackendPolicySpec> = {
  id: "at least one of loadBalancing, circuitBreaker, outlierDetection, healthCheck and connection must be set",
  find: ({ loadBalancing: a, circuitBreaker: b, outlierDetection: c, healthCheck: d, connection: e }) =>
    violationIf(
      [a, b, c, d, e].every((each) => each === undefined),
      "asks for nothing without one of loadBalancing, circuitBreaker, outlierDetection, healthCheck and connection",
    ),
};

export const backendPolicySchema: Schema<BackendPolicy> = object<BackendPolicy>(
  {
    apiVersion: string(),
    kind: oneOf(["BackendPolicy"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<BackendPolicySpec>(
      {
        targetRefs: list<LocalPolicyTargetReferenceWithSectionName>(target, {
          minItems: 1,
          maxItems: 16,
          rules: distinctTargets("targetRefs"),
        }),
        loadBalancing,
        circuitBreaker,
        outlierDetection,
        healthCheck,
        whenNoneHealthy: oneOf(["SendToAll", "Refuse"], { default: "SendToAll" }),
        connection,
      },
      ["targetRefs"],
      { rules: [asksForSomething] },
    ),
    status: policyStatus,
  },
  ["spec"],
);
