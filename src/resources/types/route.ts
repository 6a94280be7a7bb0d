/** What routes of all kinds have in common. https://gateway-api.sigs.k8s.io/reference/spec/#commonroutespec */
import type { ParentReference } from "./references.ts";

export interface CommonRouteSpec {
  readonly parentRefs?: readonly ParentReference[];
  /** Experimental: attach to the Gateways that the cluster's operator has made the default ones. */
  readonly useDefaultGateways?: "All" | "None";
}

/** Experimental. https://gateway-api.sigs.k8s.io/geps/gep-1619/ */
export type SessionPersistence =
  | { readonly type: "Cookie"; readonly cookie: CookieConfig; readonly absoluteTimeout?: string }
  | { readonly type: "Header"; readonly header: { readonly name: string }; readonly absoluteTimeout?: string };

export interface CookieConfig {
  readonly name?: string;
  readonly path: string;
  /** `Permanent`: the cookie lives as long as `absoluteTimeout`, which is then required. */
  readonly lifetimeType: "Permanent" | "Session";
}
