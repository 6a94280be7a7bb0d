/**
 * How its owner wants a backend to be called. It belongs to a port of a Service, or an XBackend, and never to a route, so that each
 * proxy has one state of health and load for it. Bounds and counts are of each proxy by itself.
 */

export interface BackendPolicy {
  /** Absent: the proxy's own choice. */
  readonly loadBalancing?: LoadBalancing;
  readonly circuitBreaker?: CircuitBreaker;
  readonly outlierDetection?: OutlierDetection;
  readonly healthCheck?: HealthCheck;
  /** Whether all endpoints are used while none is known to be well; otherwise requests are answered 503. */
  readonly usesAllWhenNoneHealthy: boolean;
  readonly connection?: ConnectionSettings;
}

export type LoadBalancing =
  | { readonly kind: "roundRobin" | "leastRequest" | "random" }
  /** Equal keys go to the same endpoint; what has none goes anywhere. */
  | { readonly kind: "consistentHash"; readonly key: HashKey };

export type HashKey =
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string }
  | { readonly kind: "sourceAddress" };

/** Absent: no bound, but for retries. */
export interface CircuitBreaker {
  readonly maxConnections?: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
}

/** Counts are of failures in a row; an absent one ejects nothing. */
export interface OutlierDetection {
  readonly consecutive5xxErrors?: number;
  readonly consecutiveGatewayErrors?: number;
  /** Where it is absent, what fails without an answer counts as an answer 5xx. */
  readonly consecutiveLocalErrors?: number;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** Of the endpoints, 1 to 100; an ejection that would go beyond does not happen. */
  readonly maxEjectionPercent: number;
}

/** Each proxy asks each endpoint. The first check of an endpoint counts alone. */
export interface HealthCheck {
  readonly probe: HealthProbe;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export type HealthProbe =
  /** `statuses`: those that pass; absent: 200 to 299. */
  | {
      readonly kind: "http";
      readonly path: string;
      /** Absent: the name that TLS is spoken to the backend with, or a name for the backend itself. */
      readonly host?: string;
      readonly method: "GET" | "HEAD";
      readonly statuses?: readonly number[];
    }
  /** Without a service, the server as a whole is asked about. */
  | { readonly kind: "grpc"; readonly service?: string }
  /** Well is who takes a connection. */
  | { readonly kind: "tcp" };

/** Absent: the proxy's own choice. */
export interface ConnectionSettings {
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly maxDurationMs?: number;
  readonly maxRequests?: number;
  readonly tcpKeepalive?: { readonly timeSeconds: number; readonly intervalSeconds: number; readonly probes: number };
  readonly http2?: Http2Settings;
}

export interface Http2Settings {
  readonly maxConcurrentStreams?: number;
  readonly initialStreamWindowBytes?: number;
  readonly initialConnectionWindowBytes?: number;
  readonly keepalive?: { readonly intervalMs: number; readonly timeoutMs: number };
}
