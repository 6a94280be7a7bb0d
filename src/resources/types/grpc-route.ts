/** GRPCRoute: which gRPC calls go where. https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute */
import type { GRPCRouteFilter } from "./http-filters.ts";
import type { Hostname, NamespacedObject } from "./meta.ts";
import type { BackendRef } from "./references.ts";
import type { CommonRouteSpec, SessionPersistence } from "./route.ts";
import type { RouteStatus } from "./status.ts";

export interface GRPCRoute extends NamespacedObject {
  readonly kind: "GRPCRoute";
  readonly spec: GRPCRouteSpec;
  readonly status?: RouteStatus;
}

export interface GRPCRouteSpec extends CommonRouteSpec {
  readonly hostnames?: readonly Hostname[];
  readonly rules?: readonly GRPCRouteRule[];
}

export interface GRPCRouteRule {
  readonly name?: string;
  /** Any one must match; absent or empty: every call matches. */
  readonly matches?: readonly GRPCRouteMatch[];
  readonly filters?: readonly GRPCRouteFilter[];
  readonly backendRefs?: readonly GRPCBackendRef[];
  /** Experimental. */
  readonly sessionPersistence?: SessionPersistence;
}

export interface GRPCRouteMatch {
  readonly method?: GRPCMethodMatch;
  readonly headers?: readonly GRPCHeaderMatch[];
}

/** At least one of `service` and `method` is there. */
export interface GRPCMethodMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly service?: string;
  readonly method?: string;
}

export interface GRPCHeaderMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly name: string;
  readonly value: string;
}

export interface GRPCBackendRef extends BackendRef {
  readonly filters?: readonly GRPCRouteFilter[];
}
