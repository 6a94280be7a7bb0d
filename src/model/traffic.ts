/**
 * What proxies count of requests and connections: who called whom, and what became of it. The names that metrics have, and where a
 * proxy knows from whose it is; how it counts is Envoy's business, and the rest docs/decisions/traffic-metrics.md's.
 */
import { RESOURCE_VARIABLE, resourceAttributes } from "./resource-attributes.ts";

/**
 * Variables of a proxy's environment that say whose it is: those that a sidecar stands beside, or a Gateway. Without them a proxy
 * counts the same, and does not say for whom.
 */
export const PROXY_VARIABLES = {
  namespace: "TRILITH_NAMESPACE",
  workload: "TRILITH_WORKLOAD",
  /** Its SPIFFE ID, where it has one. */
  identity: "TRILITH_IDENTITY",
} as const;

/** And, in a pod, where it runs. */
export const PLACE_VARIABLES = { zone: "TRILITH_ZONE", node: "TRILITH_NODE" } as const;

/** Of a proxy that is started here. All are given, since one that is not there would be a "-" in labels. */
export const proxyVariables = (of: Partial<Record<keyof typeof PROXY_VARIABLES, string>>): Record<string, string> => ({
  [PROXY_VARIABLES.namespace]: of.namespace ?? "",
  [PROXY_VARIABLES.workload]: of.workload ?? "",
  [PROXY_VARIABLES.identity]: of.identity ?? "",
  [RESOURCE_VARIABLE]: resourceAttributes({ namespace: "", ...of }),
});

/** The first part of the metrics' names: `trilith.requests_total`, which Prometheus sees as `envoy_trilith_requests_total`. */
export const TRAFFIC_PREFIX = "trilith";

/**
 * Metrics of a proxy, all of them of its own requests, connections and UDP sessions. A request is counted when it is over, as are a session and
 * what a connection carried; connections are those that are not known to be HTTP.
 */
export const trafficMetrics = {
  requests: "requests_total",
  requestDuration: "request_duration_milliseconds",
  requestBytes: "request_bytes_total",
  responseBytes: "response_bytes_total",
  connectionsOpened: "connections_opened_total",
  connectionsClosed: "connections_closed_total",
  receivedBytes: "connection_received_bytes_total",
  sentBytes: "connection_sent_bytes_total",
  sessions: "sessions_closed_total",
  sessionReceivedBytes: "session_received_bytes_total",
  sessionSentBytes: "session_sent_bytes_total",
} as const;

/** Upper bounds of the classes in which durations are counted, in milliseconds. */
export const DURATION_BOUNDS: readonly number[] = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];
