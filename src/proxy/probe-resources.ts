/**
 * How a sidecar passes on what the kubelet asks of its workload: listeners on ports that are not redirected, with a route for each
 * probe and for nothing else. Whether a connection can be made is looked at every second, since a proxy takes a connection before it knows.
 */
import { HANDOVER_ADDRESS, HANDOVER_CODE_POINT, PROBE_PORTS, type WorkloadProbe } from "../model/index.ts";

export interface WorkloadProbes {
  /** Of the pod, the one that the kubelet asks: a workload may listen on it alone. */
  readonly address: string;
  /** Of that address, which may be known only in the pod. */
  readonly family: "IPv4" | "IPv6";
  readonly probes: readonly WorkloadProbe[];
}

export interface ProbeResources {
  /** Envoy's Listeners, in JSON. */
  readonly listeners: readonly object[];
  /** Envoy's Clusters, in JSON. */
  readonly clusters: readonly object[];
}

const CONNECT_SECONDS = 1;

const typed = (type: string, config: object = {}): object => ({
  "@type": `type.googleapis.com/envoy.extensions.${type}`,
  ...config,
});

export function probeResources({ probes, ...workload }: WorkloadProbes): ProbeResources {
  const listenerOf = listenersOf(workload.family);
  const plain = probes.filter((probe) => probe.kind !== "grpc");
  const grpc = probes.filter((probe) => probe.kind === "grpc");
  const clusters = new Map(probes.map((probe) => [clusterName(probe), clusterOf(probe, workload)]));
  return {
    listeners: [
      ...(plain.length === 0 ? [] : [listenerOf(PROBE_PORTS.http, plain.flatMap(filterOf), plain.flatMap(routeOf))]),
      ...grpc.map((probe) => listenerOf(probe.askedPort, [], [grpcRoute(probe)])),
    ],
    clusters: [...clusters.values()],
  };
}

type Probe<Kind extends WorkloadProbe["kind"]> = Extract<WorkloadProbe, { readonly kind: Kind }>;

/** Several probes may ask the same port in the same way. */
function clusterName(probe: WorkloadProbe): string {
  const way = probe.kind === "http" && probe.overTls ? "https" : probe.kind;
  return `probe/${way}/${probe.port}`;
}

function clusterOf(probe: WorkloadProbe, { address, family }: Omit<WorkloadProbes, "probes">): object {
  const name = clusterName(probe);
  const socket = { socket_address: { address, port_value: probe.port } };
  return {
    name,
    type: "STATIC",
    connect_timeout: `${CONNECT_SECONDS}s`,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: socket } }] }] },
    upstream_bind_config: HANDOVER[family],
    ...(probe.kind === "http" && probe.overTls && { transport_socket: UNVERIFIED_TLS }),
    ...(probe.kind === "tcp" && { health_checks: [CONNECTION_EVERY_SECOND] }),
    ...(probe.kind === "grpc" && { typed_extension_protocol_options: HTTP_2 }),
  };
}

/** So that the kernel does not take them for the workload's own connections. */
const HANDOVER = {
  IPv4: { source_address: { address: HANDOVER_ADDRESS, port_value: 0 } },
  IPv6: {
    source_address: { address: "::", port_value: 0 },
    // IPV6_TCLASS of ipv6(7); the code point is in its upper six bits.
    socket_options: [{ level: 41, name: 67, int_value: HANDOVER_CODE_POINT << 2, state: "STATE_PREBIND" }],
  },
} as const;

/** The kubelet does not verify the certificates of what it probes either. */
const UNVERIFIED_TLS = {
  name: "envoy.transport_sockets.tls",
  typed_config: typed("transport_sockets.tls.v3.UpstreamTlsContext"),
};

const CONNECTION_EVERY_SECOND = {
  interval: "1s",
  no_traffic_interval: "1s",
  timeout: `${CONNECT_SECONDS}s`,
  healthy_threshold: 1,
  unhealthy_threshold: 1,
  tcp_health_check: {},
};

const HTTP_2 = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed("upstreams.http.v3.HttpProtocolOptions", {
    explicit_http_config: { http2_protocol_options: {} },
  }),
};

const EVERY_ADDRESS = {
  IPv4: { address: "0.0.0.0" },
  IPv6: { address: "::", ipv4_compat: true },
} as const;

const listenersOf =
  (family: WorkloadProbes["family"]) =>
  (port: number, filters: readonly object[], routes: readonly object[]): object => ({
    name: `probes/${port}`,
    address: { socket_address: { ...EVERY_ADDRESS[family], port_value: port } },
    // A proxy at its limit of connections must not have its workload ended for it.
    ignore_global_conn_limit: true,
    filter_chains: [
      {
        filters: [
          {
            name: "http",
            typed_config: typed("filters.network.http_connection_manager.v3.HttpConnectionManager", {
              stat_prefix: "probes",
              // The kubelet knows how long it waits.
              stream_idle_timeout: "0s",
              route_config: { virtual_hosts: [{ name: "probes", domains: ["*"], routes }] },
              http_filters: [...filters, { name: "router", typed_config: typed("filters.http.router.v3.Router") }],
            }),
          },
        ],
      },
    ],
  });

const filterOf = (probe: Probe<"http" | "tcp">): object[] =>
  probe.kind === "tcp"
    ? [
        {
          name: probe.asked,
          typed_config: typed("filters.http.health_check.v3.HealthCheck", {
            pass_through_mode: false,
            headers: [{ name: ":path", string_match: { exact: probe.asked } }],
            cluster_min_healthy_percentages: { [clusterName(probe)]: { value: 100 } },
          }),
        },
      ]
    : [];

const onlyBy = (method: "GET" | "POST"): object => ({ name: ":method", string_match: { exact: method } });

const routeOf = (probe: Probe<"http" | "tcp">): object[] =>
  probe.kind === "http"
    ? [
        {
          match: { path: probe.asked, headers: [onlyBy("GET")] },
          route: { cluster: clusterName(probe), prefix_rewrite: probe.path, timeout: "0s" },
        },
      ]
    : [];

const grpcRoute = (probe: Probe<"grpc">): object => ({
  match: { path: "/grpc.health.v1.Health/Check", headers: [onlyBy("POST")] },
  route: { cluster: clusterName(probe), timeout: "0s" },
});
