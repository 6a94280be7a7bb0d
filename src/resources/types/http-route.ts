/** HTTPRoute: which HTTP requests go where. https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
import type { HTTPRouteFilter } from "./http-filters.ts";
import type { Hostname, NamespacedObject } from "./meta.ts";
import type { BackendRef } from "./references.ts";
import type { CommonRouteSpec, SessionPersistence } from "./route.ts";
import type { RouteStatus } from "./status.ts";

export interface HTTPRoute extends NamespacedObject {
  readonly kind: "HTTPRoute";
  readonly spec: HTTPRouteSpec;
  readonly status?: RouteStatus;
}

export interface HTTPRouteSpec extends CommonRouteSpec {
  readonly hostnames?: readonly Hostname[];
  readonly rules: readonly HTTPRouteRule[];
}

export interface HTTPRouteRule {
  readonly name?: string;
  /** Any one must match. It can be an empty list, when written so: then every request matches. */
  readonly matches: readonly HTTPRouteMatch[];
  readonly filters?: readonly HTTPRouteFilter[];
  readonly backendRefs?: readonly HTTPBackendRef[];
  readonly timeouts?: HTTPRouteTimeouts;
  readonly retry?: HTTPRouteRetry;
  /** Experimental. */
  readonly sessionPersistence?: SessionPersistence;
}

export type HTTPMethod = "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" | "PATCH";

/** All of its parts must match. */
export interface HTTPRouteMatch {
  readonly path: HTTPPathMatch;
  readonly headers?: readonly HTTPHeaderMatch[];
  readonly queryParams?: readonly HTTPQueryParamMatch[];
  readonly method?: HTTPMethod;
}

export interface HTTPPathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

export interface HTTPHeaderMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly name: string;
  readonly value: string;
}

export interface HTTPQueryParamMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly name: string;
  readonly value: string;
}

export interface HTTPBackendRef extends BackendRef {
  readonly filters?: readonly HTTPRouteFilter[];
}

/** Durations as GEP-2257 writes them; "0s" is no limit. */
export interface HTTPRouteTimeouts {
  readonly request?: string;
  readonly backendRequest?: string;
}

export interface HTTPRouteRetry {
  readonly codes?: readonly number[];
  readonly attempts: number;
  readonly backoff?: string;
}
