/** Gives a bootstrap a listener of its own, for tests of Envoy's process that need traffic but no control plane. */

const HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/** `/` answers 200 "served" by itself, `/slow` comes from a server on loopback's port `backendPort`. The stream is left out. */
export function withListener(bootstrap: object, port: number, backendPort = 9): object {
  const backend = { cluster_name: "backend", endpoints: [{ lb_endpoints: [{ endpoint: loopback(backendPort) }] }] };
  const routes = [
    { match: { prefix: "/slow" }, route: { cluster: "backend" } },
    { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "served" } } },
  ];
  const manager = {
    "@type": HCM,
    stat_prefix: "http",
    route_config: { name: "test", virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
    http_filters: [{ name: "router", typed_config: { "@type": ROUTER } }],
  };
  const listener = {
    name: "test",
    stat_prefix: `tcp_${port}`,
    enable_reuse_port: false,
    ...loopback(port),
    filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
  };
  return {
    ...bootstrap,
    dynamic_resources: {},
    static_resources: { listeners: [listener], clusters: [{ name: "backend", load_assignment: backend }] },
  };
}

function loopback(port: number): object {
  return { address: { socket_address: { address: "127.0.0.1", port_value: port } } };
}
