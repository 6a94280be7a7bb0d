/** TLSRoute, TCPRoute and UDPRoute: which connections and datagrams go where. https://gateway-api.sigs.k8s.io/reference/spec/ */
import type { Hostname, NamespacedObject } from "./meta.ts";
import type { BackendRef } from "./references.ts";
import type { CommonRouteSpec } from "./route.ts";
import type { RouteStatus } from "./status.ts";

/** A rule of a TLSRoute, TCPRoute or UDPRoute. */
export interface L4RouteRule {
  readonly name?: string;
  readonly backendRefs: readonly BackendRef[];
}

export interface TLSRoute extends NamespacedObject {
  readonly kind: "TLSRoute";
  readonly spec: TLSRouteSpec;
  readonly status?: RouteStatus;
}

export interface TLSRouteSpec extends CommonRouteSpec {
  /** Server names. Only v1alpha2 allows to leave them out: then any name is meant. */
  readonly hostnames?: readonly Hostname[];
  /** Exactly one, but for v1alpha2. */
  readonly rules: readonly L4RouteRule[];
}

export interface TCPRoute extends NamespacedObject {
  readonly kind: "TCPRoute";
  readonly spec: L4RouteSpec;
  readonly status?: RouteStatus;
}

export interface UDPRoute extends NamespacedObject {
  readonly kind: "UDPRoute";
  readonly spec: L4RouteSpec;
  readonly status?: RouteStatus;
}

export interface L4RouteSpec extends CommonRouteSpec {
  /** Exactly one, but for v1alpha2. */
  readonly rules: readonly L4RouteRule[];
}
