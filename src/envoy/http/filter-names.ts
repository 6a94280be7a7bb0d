/**
 * The HTTP filters that every HTTP connection manager has, by the names under which routes enable and configure them. The
 * chain is constant: all but the router are disabled by default, and a route's `typed_per_filter_config` switches one on,
 * so that the first route that wants CORS or authorisation changes no listener.
 */

/** Of a listener, before routing: its filters by position. Hosts give an `ExtAuthzPerRoute`. */
export const guardFilter = (position: number): string => `envoy.filters.http.ext_authz.of_listener.${position}`;
/** `envoy.extensions.filters.http.cors.v3.Cors`; routes give a `CorsPolicy`. */
export const CORS_FILTER = "envoy.filters.http.cors";
/** `envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`; routes give an `ExtAuthzPerRoute` that names the service. */
export const EXTERNAL_AUTH_FILTER = "envoy.filters.http.ext_authz";
/** A second one, for the authorisation that a backend asks for beside its rule's; after it in the chain. */
export const BACKEND_EXTERNAL_AUTH_FILTER = "envoy.filters.http.ext_authz.of_backend";
/** `envoy.extensions.filters.http.stateful_session.v3.StatefulSession`; routes give a `StatefulSessionPerRoute`. */
export const SESSION_FILTER = "envoy.filters.http.stateful_session";
/** `envoy.extensions.filters.http.rbac.v3.RBAC`, of denials and of what is allowed; routes to backends with policies give an `RBACPerRoute`. */
export const BACKEND_ACCESS_FILTERS = {
  deny: "envoy.filters.http.rbac.of_backend.deny",
  allow: "envoy.filters.http.rbac.of_backend.allow",
} as const;
/** Last in the chain, always enabled. */
export const ROUTER_FILTER = "envoy.filters.http.router";

/** The namespace of `filter_metadata` in which routes and weighted clusters name the object, rule and backend they stand for. */
export const METADATA_NAMESPACE = "trilith.dev";
