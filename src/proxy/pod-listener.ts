/**
 * What an Envoy in a pod listens on besides what it serves: a port for the kubelet and Prometheus, since its admin API is on a
 * socket that nobody outside can reach. Three things are let through to it, and nothing else:
 *
 *   GET /ready              200 while Envoy serves, 503 while it starts or drains
 *   GET /stats/prometheus   its statistics
 *   GET /drain              with the pod's own token alone: begins to drain, and answers when the time for it is over
 *
 * `/drain` is what the kubelet calls before it ends the pod. It is a GET, because a preStop hook can send nothing else, and
 * a Lua filter makes of it the two POSTs that Envoy wants; the answer is held back by a fault filter, because the kubelet sends
 * SIGTERM, which ends Envoy at once, as soon as the hook returns. Without the token it is a 404 like any other path: whoever
 * can reach the port cannot take the proxy out of service. See docs/decisions/proxy-drain.md.
 */

export interface PodListenerOptions {
  readonly port: number;
  /** Default `0.0.0.0`; `::` takes both families. */
  readonly address?: "0.0.0.0" | "::";
  /** Absent: nobody can have it drain. */
  readonly drain?: {
    /** Of the pod's template, so that who may read the pod may drain it. */
    readonly token: string;
    readonly seconds: number;
  };
  /** The cluster of the admin API. */
  readonly adminCluster: string;
}

const DRAIN_HEADER = "x-trilith-drain";
/** Envoy's own calls of its admin API answer within milliseconds. */
const ADMIN_TIMEOUT_MS = 1_000;

const typed = (type: string, config: object = {}): object => ({
  "@type": `type.googleapis.com/envoy.extensions.filters.${type}`,
  ...config,
});

/** Envoy's Listener, in JSON. */
export function podListener({ port, address = "0.0.0.0", drain, adminCluster }: PodListenerOptions): object {
  const filter = (name: string, type: string, config: object = {}): object => ({
    name,
    typed_config: typed(`http.${type}`, config),
  });
  return {
    name: "pod",
    address: { socket_address: { address, port_value: port, ...(address === "::" && { ipv4_compat: true }) } },
    // A proxy at its limit of connections must still be told to drain.
    ignore_global_conn_limit: true,
    filter_chains: [
      {
        filters: [
          {
            name: "http",
            typed_config: typed("network.http_connection_manager.v3.HttpConnectionManager", {
              stat_prefix: "pod",
              // The answer to /drain is late on purpose.
              stream_idle_timeout: "0s",
              route_config: {
                virtual_hosts: [{ name: "pod", domains: ["*"], routes: routes(drain, adminCluster) }],
              },
              http_filters: [
                filter("lua", "lua.v3.Lua", { source_codes: { drain: { inline_string: drainProgram(adminCluster) } } }),
                filter("fault", "fault.v3.HTTPFault"),
                filter("router", "router.v3.Router"),
              ],
            }),
          },
        ],
      },
    ],
  };
}

function routes(drain: PodListenerOptions["drain"], adminCluster: string): object[] {
  const onlyGet = { name: ":method", string_match: { exact: "GET" } };
  const read = (path: string): object => ({
    match: { path, headers: [onlyGet] },
    route: { cluster: adminCluster },
    // Only the route of /drain runs the program.
    typed_per_filter_config: { lua: typed("http.lua.v3.LuaPerRoute", { disabled: true }) },
  });
  return [read("/ready"), read("/stats/prometheus"), ...(drain ? [drainRoute(drain, onlyGet)] : [])];
}

function drainRoute({ token, seconds }: NonNullable<PodListenerOptions["drain"]>, onlyGet: object): object {
  const proof = { name: DRAIN_HEADER, string_match: { exact: token } };
  return {
    match: { path: "/drain", headers: [onlyGet, proof] },
    direct_response: { status: 200, body: { inline_string: "drained\n" } },
    typed_per_filter_config: {
      lua: typed("http.lua.v3.LuaPerRoute", { name: "drain" }),
      fault: typed("http.fault.v3.HTTPFault", {
        delay: { fixed_delay: `${seconds}s`, percentage: { numerator: 100 } },
      }),
    },
  };
}

/** First readiness, so that no new connections are sent here; then what is open is asked to close after its next answer. */
function drainProgram(adminCluster: string): string {
  const post = (path: string): string =>
    `  handle:httpCall("${adminCluster}", {[":method"]="POST", [":path"]="${path}", [":authority"]="admin", ["content-length"]="0"}, "", ${ADMIN_TIMEOUT_MS})`;
  return [
    "function envoy_on_request(handle)",
    post("/healthcheck/fail"),
    post("/drain_listeners?graceful&skip_exit"),
    "end",
  ].join("\n");
}
