/** What somebody would write by hand for one route: a listener, a router, a route, and nothing that could be left out. */

const HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

export function oneRouteBootstrap(port: number, target: string): object {
  const routes = [{ match: { prefix: "/" }, redirect: { host_redirect: target, response_code: "FOUND" } }];
  const manager = {
    "@type": HCM,
    stat_prefix: "http",
    route_config: { name: "one", virtual_hosts: [{ name: "one", domains: ["*"], routes }] },
    http_filters: [{ name: "router", typed_config: { "@type": ROUTER } }],
  };
  const listener = {
    name: "one",
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
  };
  return { static_resources: { listeners: [listener] } };
}
