/** One BackendPolicy on its own: what it targets, and what it asks for in the model's words. */
import type {
  BackendPolicy as Wishes,
  ConnectionSettings,
  HashKey,
  HealthCheck,
  HealthProbe,
  Http2Settings,
  LoadBalancing,
  OutlierDetection,
} from "../../model/index.ts";
import {
  type BackendPolicy,
  type ConnectionPolicy,
  type ConsistentHashPolicy,
  type HealthCheckPolicy,
  type Http2Policy,
  type LoadBalancingPolicy,
  type ObjectKey,
  objectKeyOf,
  type OutlierDetectionPolicy,
  parseDuration,
  type TcpKeepalivePolicy,
} from "../../resources/index.ts";
import type { RankedPolicy } from "../policies/precedence.ts";

export interface BackendPolicyResult extends RankedPolicy {
  readonly key: ObjectKey;
  readonly generation: number;
  readonly targets: readonly BackendPolicyTarget[];
  readonly wishes: Wishes;
}

export interface BackendPolicyTarget {
  readonly kind: "Service" | "XBackend";
  readonly name: string;
  /** The name of a Service's port; absent: all ports that no policy names. */
  readonly sectionName?: string;
  /** Position in `spec.targetRefs`. */
  readonly index: number;
}

/** The key under which policies for the same target meet. */
export const backendPolicyTargetKey = (
  namespace: string,
  { kind, name, sectionName }: Omit<BackendPolicyTarget, "index">,
): string => `${kind}/${namespace}/${name}${sectionName === undefined ? "" : `#${sectionName}`}`;

export function backendPolicyResultOf(policy: BackendPolicy): BackendPolicyResult {
  const { name, namespace, creationTimestamp, generation = 0 } = policy.metadata;
  return {
    key: objectKeyOf(policy),
    namespace,
    name,
    ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
    generation,
    targets: policy.spec.targetRefs.map((target, index) => ({
      // The schema has seen to it that it is one of the two.
      kind: target.kind === "XBackend" ? "XBackend" : "Service",
      name: target.name,
      ...(target.sectionName !== undefined && { sectionName: target.sectionName }),
      index,
    })),
    wishes: wishesOf(policy.spec),
  };
}

/** Asks a backend that has a hostname by it, where the policy says nothing else. */
export function askedByHostname(wishes: Wishes, hostname: string): Wishes {
  const { healthCheck } = wishes;
  if (healthCheck?.probe.kind !== "http" || healthCheck.probe.host !== undefined) return wishes;
  return { ...wishes, healthCheck: { ...healthCheck, probe: { ...healthCheck.probe, host: hostname } } };
}

function wishesOf(spec: BackendPolicy["spec"]): Wishes {
  const { loadBalancing, circuitBreaker, outlierDetection, healthCheck, whenNoneHealthy, connection } = spec;
  return {
    ...(loadBalancing && { loadBalancing: loadBalancingOf(loadBalancing) }),
    ...(circuitBreaker && { circuitBreaker }),
    ...(outlierDetection && { outlierDetection: outlierDetectionOf(outlierDetection) }),
    ...(healthCheck && { healthCheck: healthCheckOf(healthCheck) }),
    usesAllWhenNoneHealthy: whenNoneHealthy === "SendToAll",
    ...(connection && { connection: connectionOf(connection) }),
  };
}

function loadBalancingOf({ type, consistentHash }: LoadBalancingPolicy): LoadBalancing {
  switch (type) {
    case "RoundRobin":
      return { kind: "roundRobin" };
    case "LeastRequest":
      return { kind: "leastRequest" };
    case "Random":
      return { kind: "random" };
    case "ConsistentHash":
      return { kind: "consistentHash", key: hashKeyOf(consistentHash ?? { type: "SourceAddress" }) };
  }
}

/** The schema has seen to it that each has what its type asks for. */
function hashKeyOf({ type, header, cookie }: ConsistentHashPolicy): HashKey {
  switch (type) {
    case "Header":
      return { kind: "header", name: header?.name.toLowerCase() ?? "" };
    case "Cookie":
      return { kind: "cookie", name: cookie?.name ?? "" };
    case "SourceAddress":
      return { kind: "sourceAddress" };
  }
}

const outlierDetectionOf = ({
  interval,
  baseEjectionTime,
  maxEjectionTime,
  ...rest
}: OutlierDetectionPolicy): OutlierDetection => ({
  ...rest,
  intervalMs: msOf(interval),
  baseEjectionMs: msOf(baseEjectionTime),
  maxEjectionMs: msOf(maxEjectionTime),
});

const healthCheckOf = (check: HealthCheckPolicy): HealthCheck => ({
  probe: probeOf(check),
  intervalMs: msOf(check.interval),
  timeoutMs: msOf(check.timeout),
  healthyThreshold: check.healthyThreshold,
  unhealthyThreshold: check.unhealthyThreshold,
});

function probeOf({ type, http, grpc }: HealthCheckPolicy): HealthProbe {
  switch (type) {
    case "HTTP": {
      const { path, host, method, expectedStatuses } = http ?? { path: "/", method: "GET" };
      return {
        kind: "http",
        path,
        method,
        ...(host !== undefined && { host }),
        ...(expectedStatuses && { statuses: [...new Set(expectedStatuses)].sort((a, b) => a - b) }),
      };
    }
    case "GRPC":
      return { kind: "grpc", ...(grpc?.service !== undefined && { service: grpc.service }) };
    case "TCP":
      return { kind: "tcp" };
  }
}

const connectionOf = (connection: ConnectionPolicy): ConnectionSettings => {
  const { connectTimeout, idleTimeout, maxDuration, maxRequestsPerConnection, tcpKeepalive, http2 } = connection;
  return {
    ...(connectTimeout !== undefined && { connectTimeoutMs: msOf(connectTimeout) }),
    ...(idleTimeout !== undefined && { idleTimeoutMs: msOf(idleTimeout) }),
    ...(maxDuration !== undefined && { maxDurationMs: msOf(maxDuration) }),
    ...(maxRequestsPerConnection !== undefined && { maxRequests: maxRequestsPerConnection }),
    ...(tcpKeepalive && { tcpKeepalive: tcpKeepaliveOf(tcpKeepalive) }),
    ...(http2 && { http2: http2Of(http2) }),
  };
};

const tcpKeepaliveOf = ({
  time,
  interval,
  probes,
}: TcpKeepalivePolicy): NonNullable<ConnectionSettings["tcpKeepalive"]> => ({
  timeSeconds: Math.ceil(msOf(time) / 1000),
  intervalSeconds: Math.ceil(msOf(interval) / 1000),
  probes,
});

const http2Of = ({ keepalive, ...rest }: Http2Policy): Http2Settings => ({
  ...rest,
  ...(keepalive && { keepalive: { intervalMs: msOf(keepalive.interval), timeoutMs: msOf(keepalive.timeout) } }),
});

/** The schema has seen to it that it is a duration. */
const msOf = (duration: string): number => parseDuration(duration) ?? 0;
