/**
 * What Envoy is told before it asks: who it is, where the control plane is, where its admin API listens, and the limits
 * that keep one proxy from taking down its machine. Everything else comes over the aggregated stream. The result is
 * Envoy's Bootstrap message as JSON, the same for the same options, so that a running Envoy can be recognised by it.
 */
import { CONTROL_PLANE, type ControlPlaneAddress, controlPlaneCluster } from "./control-plane-cluster.ts";
import { podListener, type PodListenerOptions } from "./pod-listener.ts";
import { probeResources, type WorkloadProbes } from "./probe-resources.ts";
import { histogramClasses, STATISTICS_EVICTION_SECONDS, statisticsKept } from "./statistics.ts";

export interface BootstrapOptions {
  /** What the control plane sees in the first request: the node's `id` and `cluster`, and where it is a pod's, see `nodeMetadata`. */
  readonly node: { readonly id: string; readonly cluster: string; readonly metadata?: object };
  /** Where delta ADS is served: in plaintext on a unix domain socket or a port of loopback, or with TLS elsewhere. */
  readonly controlPlane: ControlPlaneAddress;
  /**
   * A unix domain socket for the admin API, which has no authentication and can end the process and show every secret. As a file it is
   * the owner's alone (mode 0600), out of reach for other users and for web pages in a browser, and takes no port from anyone.
   */
  readonly adminSocket: string;
  readonly limits: ProxyLimits;
  /** In a pod: the port for the kubelet and Prometheus. */
  readonly pod?: Omit<PodListenerOptions, "adminCluster">;
  /** Beside a workload: what the kubelet asks of it. */
  readonly workload?: WorkloadProbes;
}

export interface ProxyLimits {
  /** Connections of clients at the same time; further ones are closed at once. */
  readonly maxConnections: number;
  /** Memory that Envoy may allocate; close to it, requests are answered with 503 instead. */
  readonly maxHeapBytes: number;
}

/**
 * Envoy refuses regular expressions whose RE2 program is larger; its default of 100 is less than `[a-z]{1,63}` needs in several labels. The
 * check that users see is the translation's, at 4096 ranges of characters; a range takes up to four of RE2's instructions for
 * bytes, and the matching tree makes one expression of several, so that what passed there is never refused here. Matching
 * stays linear in the input either way.
 */
const MAX_REGULAR_EXPRESSION_PROGRAM = 32_768;

const ADMIN = "trilith-admin";

/** Envoy's Bootstrap, in JSON. */
export function bootstrapOf(options: BootstrapOptions): object {
  const overAds = { resource_api_version: "V3", ads: {}, initial_fetch_timeout: "0s" };
  return {
    node: options.node,
    admin: {
      address: { pipe: { path: options.adminSocket, mode: 0o600 } },
      // A proxy at its limit of connections must still be told to drain.
      ignore_global_conn_limit: true,
    },
    dynamic_resources: { ads_config: adsConfig(), cds_config: overAds, lds_config: overAds },
    static_resources: staticResources(options),
    default_regex_engine: {
      name: "envoy.regex_engines.google_re2",
      typed_config: { "@type": typeUrl("envoy.extensions.regex_engines.v3.GoogleRE2") },
    },
    layered_runtime: { layers: [{ name: "trilith", static_layer: runtimeKeys() }] },
    overload_manager: overloadManager(options.limits),
    stats_config: {
      stats_matcher: { inclusion_list: { patterns: statisticsKept } },
      histogram_bucket_settings: histogramClasses,
    },
    stats_eviction_interval: `${STATISTICS_EVICTION_SECONDS}s`,
    // Nobody is sent statistics, so they are brought up to date when somebody asks, not every five seconds.
    stats_flush_on_admin: true,
    application_log_config: { log_format: { json_format: logFormat } },
  };
}

/** The fields of a line of Envoy's log; log-record.ts reads them. */
const logFormat = { time: "%Y-%m-%dT%H:%M:%S.%eZ", level: "%l", logger: "%n", message: "%j" };

function typeUrl(name: string): string {
  return `type.googleapis.com/${name}`;
}

/**
 * With `match_headers_individually`, the default, a header that comes in several lines matches in a list of routes by its
 * lines and in a matching tree by all of them joined; it must not depend on the number of rules which of both it is.
 */
function runtimeKeys(): object {
  return {
    "envoy.reloadable_features.match_headers_individually": false,
    "re2.max_program_size.error_level": MAX_REGULAR_EXPRESSION_PROGRAM,
    "re2.max_program_size.warn_level": MAX_REGULAR_EXPRESSION_PROGRAM,
  };
}

function staticResources({ controlPlane, adminSocket, pod, workload }: BootstrapOptions): object {
  const probes = workload && probeResources(workload);
  const listeners = [...(pod ? [podListener({ ...pod, adminCluster: ADMIN })] : []), ...(probes?.listeners ?? [])];
  const clusters = [
    controlPlaneCluster(controlPlane),
    ...(pod ? [socketCluster(ADMIN, adminSocket)] : []),
    ...(probes?.clusters ?? []),
  ];
  return { clusters, ...(listeners.length > 0 && { listeners }) };
}

function adsConfig(): object {
  // By default Envoy waits for up to 30 s before it comes again; a control plane that restarts is to be found sooner.
  const retryBackOff = { base_interval: "0.1s", max_interval: "2s" };
  return {
    api_type: "DELTA_GRPC",
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [{ envoy_grpc: { cluster_name: CONTROL_PLANE, retry_policy: { retry_back_off: retryBackOff } } }],
  };
}

function socketCluster(name: string, path: string): object {
  const endpoint = { address: { pipe: { path } } };
  const assignment = { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] };
  return { name, type: "STATIC", connect_timeout: "1s", load_assignment: assignment };
}

/** Under memory pressure: first give memory back, then let idle connections go, then answer 503, last take no connections. */
function overloadManager(limits: ProxyLimits): object {
  const heap = "envoy.resource_monitors.fixed_heap";
  const whenHeapIsAt = (name: string, value: number): object => ({
    name: `envoy.overload_actions.${name}`,
    triggers: [{ name: heap, threshold: { value } }],
  });
  return {
    refresh_interval: "0.25s",
    resource_monitors: [
      {
        name: "envoy.resource_monitors.global_downstream_max_connections",
        typed_config: {
          "@type": typeUrl("envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"),
          max_active_downstream_connections: limits.maxConnections,
        },
      },
      {
        name: heap,
        typed_config: {
          "@type": typeUrl("envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig"),
          max_heap_size_bytes: limits.maxHeapBytes,
        },
      },
    ],
    actions: [
      whenHeapIsAt("shrink_heap", 0.85),
      whenHeapIsAt("disable_http_keepalive", 0.9),
      whenHeapIsAt("stop_accepting_requests", 0.95),
      whenHeapIsAt("stop_accepting_connections", 0.98),
    ],
  };
}
