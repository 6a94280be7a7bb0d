/**
 * - `failures`: requests that are answered with an error (400 and above) or with none, connections that could not be made, or broke.
 */
export type AccessLogging = "all" | "failures" | "none";

/** What the one who runs the proxies decides about their resources, and no Gateway API resource says. */
export interface EnvoySettings {
  /** Of which requests, connections and UDP sessions proxies write a line of JSON to their standard output. */
  readonly accessLog: AccessLogging;
  /** The same of proxies beside workloads. */
  readonly sidecarAccessLog: AccessLogging;
  /** Whether they count requests and connections by who calls whom (docs/decisions/traffic-metrics.md). */
  readonly trafficMetrics: boolean;
  /** A file, where the proxy runs, with the authorities that backends with `wellKnownCACertificates: System` are checked against. */
  readonly systemTrustStore: string;
  /**
   * Whether TCP ports are shared (SO_REUSEPORT), so that each worker of a proxy listens with a socket of its own. Only for a
   * proxy that has its network to itself: where others may listen too, a taken port would go unnoticed. Envoy shares UDP
   * ports always. See docs/decisions/envoy-ports.md.
   */
  readonly reusePort: boolean;
  /**
   * Whether connections of workloads are redirected to their sidecars by the kernel, which tells where they were going. Otherwise
   * sidecars listen at the sockets of their workloads: see WorkloadSocket.
   */
  readonly redirection: boolean;
}

export const defaultSettings: EnvoySettings = {
  accessLog: "all",
  sidecarAccessLog: "all",
  trafficMetrics: true,
  systemTrustStore: "/etc/ssl/certs/ca-certificates.crt",
  reusePort: false,
  redirection: true,
};
