/**
 * BackendPolicy (trilith.dev): how its owner wants a backend to be called, whoever calls it: Gateways, and sidecars of the mesh. Every
 * bound and count is of each proxy by itself. Its status has an entry for each Gateway that sends traffic to a target, or for the target.
 */
import type { NamespacedObject } from "./meta.ts";
import type { LocalPolicyTargetReferenceWithSectionName } from "./references.ts";
import type { PolicyStatus } from "./status.ts";

export interface BackendPolicy extends NamespacedObject {
  readonly kind: "BackendPolicy";
  readonly spec: BackendPolicySpec;
  readonly status?: PolicyStatus;
}

/** Durations are the Gateway API's: "10s", "1m30s", "500ms". */
export interface BackendPolicySpec {
  /** Services, or ports of them by name, and XBackends, in the policy's namespace. */
  readonly targetRefs: readonly LocalPolicyTargetReferenceWithSectionName[];
  readonly loadBalancing?: LoadBalancingPolicy;
  readonly circuitBreaker?: CircuitBreakerPolicy;
  readonly outlierDetection?: OutlierDetectionPolicy;
  readonly healthCheck?: HealthCheckPolicy;
  /**
   * What becomes of requests while no endpoint is healthy. `SendToAll`: they go to every endpoint, as if all were. `Refuse`: they are
   * answered 503.
   */
  readonly whenNoneHealthy: "SendToAll" | "Refuse";
  readonly connection?: ConnectionPolicy;
}

export interface LoadBalancingPolicy {
  /** `ConsistentHash`: equal keys go to the same endpoint, as long as the endpoints stay the same. */
  readonly type: "RoundRobin" | "LeastRequest" | "Random" | "ConsistentHash";
  readonly consistentHash?: ConsistentHashPolicy;
}

/** Requests without the header or the cookie go anywhere. */
export interface ConsistentHashPolicy {
  readonly type: "Header" | "Cookie" | "SourceAddress";
  readonly header?: { readonly name: string };
  readonly cookie?: { readonly name: string };
}

/** What goes beyond a bound is answered 503 at once, or not retried. */
export interface CircuitBreakerPolicy {
  readonly maxConnections?: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests?: number;
  /** Requests under way; of HTTP/1.1, connections bound them. */
  readonly maxRequests?: number;
  /** Retries under way. */
  readonly maxRetries?: number;
}

/** At least one of the three counts is there. */
export interface OutlierDetectionPolicy {
  /** Answers 500 to 599, and connections and requests that fail, unless those are counted by themselves. */
  readonly consecutive5xxErrors?: number;
  /** Answers 502, 503 and 504. */
  readonly consecutiveGatewayErrors?: number;
  /** Connections and requests that fail without an answer. */
  readonly consecutiveLocalErrors?: number;
  /** How often it is looked whether an ejection is over. */
  readonly interval: string;
  /** For the first ejection; for each further one as much more, up to `maxEjectionTime`. */
  readonly baseEjectionTime: string;
  readonly maxEjectionTime: string;
  /** Of the endpoints. An ejection that would go beyond does not happen: a single endpoint is only ejected at 100. */
  readonly maxEjectionPercent: number;
}

/** The field of its type is there, and no other; for TCP there is none. */
export interface HealthCheckPolicy {
  readonly type: "HTTP" | "GRPC" | "TCP";
  readonly http?: HttpHealthCheck;
  readonly grpc?: GrpcHealthCheck;
  readonly interval: string;
  readonly timeout: string;
  /** Passed checks in a row; the very first counts alone. */
  readonly healthyThreshold: number;
  /** Failed checks in a row; the very first counts alone. */
  readonly unhealthyThreshold: number;
}

export interface HttpHealthCheck {
  readonly path: string;
  /** Default: the name that the backend is spoken TLS to with, or its hostname, or `<name>.<namespace>`. */
  readonly host?: string;
  readonly method: "GET" | "HEAD";
  /** Default: 200 to 299. */
  readonly expectedStatuses?: readonly number[];
}

/** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export interface GrpcHealthCheck {
  /** Default: the server as a whole. */
  readonly service?: string;
}

export interface ConnectionPolicy {
  readonly connectTimeout?: string;
  /** After which a connection without requests is closed. */
  readonly idleTimeout?: string;
  readonly maxDuration?: string;
  readonly maxRequestsPerConnection?: number;
  readonly tcpKeepalive?: TcpKeepalivePolicy;
  readonly http2?: Http2Policy;
}

/** In whole seconds. */
export interface TcpKeepalivePolicy {
  readonly time: string;
  readonly interval: string;
  readonly probes: number;
}

export interface Http2Policy {
  readonly maxConcurrentStreams?: number;
  readonly initialStreamWindowBytes?: number;
  readonly initialConnectionWindowBytes?: number;
  /** Pings, so that a peer that is gone is noticed. */
  readonly keepalive?: { readonly interval: string; readonly timeout: string };
}
