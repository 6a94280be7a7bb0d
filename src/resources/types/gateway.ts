/** Gateway: what to listen on, and who may attach. https://gateway-api.sigs.k8s.io/reference/spec/#gateway */
import type { Hostname, LabelSelector, NamespacedObject } from "./meta.ts";
import type { LocalObjectReference, ObjectReference, SecretObjectReference } from "./references.ts";
import type { GatewayStatus, RouteGroupKind } from "./status.ts";
import type { HTTPExternalAuthFilter } from "./http-filters.ts";

export interface Gateway extends NamespacedObject {
  readonly kind: "Gateway";
  readonly spec: GatewaySpec;
  readonly status?: GatewayStatus;
}

/** On whatever is made for a Gateway: its name. https://gateway-api.sigs.k8s.io/geps/gep-1762/ */
export const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name";

export interface GatewaySpec {
  readonly gatewayClassName: string;
  readonly listeners: readonly Listener[];
  readonly addresses?: readonly GatewaySpecAddress[];
  readonly infrastructure?: GatewayInfrastructure;
  readonly allowedListeners?: AllowedListeners;
  readonly tls?: GatewayTLSConfig;
  /** Experimental: whether routes that ask for the default Gateways attach to this one. */
  readonly defaultScope?: "All" | "None";
}

/** A listener of a Gateway, or of a ListenerSet: both have the same fields. */
export interface Listener {
  readonly name: string;
  readonly hostname?: Hostname;
  readonly port: number;
  /** `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or `example.com/Custom` of some implementation. */
  readonly protocol: string;
  readonly tls?: ListenerTLSConfig;
  readonly allowedRoutes: AllowedRoutes;
  /** Experimental. */
  readonly filters?: ListenerFilters;
}

export interface ListenerTLSConfig {
  readonly mode: "Terminate" | "Passthrough";
  readonly certificateRefs?: readonly SecretObjectReference[];
  readonly options?: Readonly<Record<string, string>>;
}

export interface AllowedRoutes {
  readonly namespaces: RouteNamespaces;
  /** Absent or empty: every kind that the protocol can carry. */
  readonly kinds?: readonly RouteGroupKind[];
}

export interface RouteNamespaces {
  readonly from: "All" | "Selector" | "Same";
  readonly selector?: LabelSelector;
}

/** Experimental: filters that run for every request of a listener. */
export interface ListenerFilters {
  readonly requests?: readonly ListenerRequestFilter[];
}

export type ListenerRequestFilter =
  | { readonly type: "ExternalAuth"; readonly externalAuth: HTTPExternalAuthFilter }
  | { readonly type: "ExtensionRef"; readonly extensionRef: LocalObjectReference };

/** Of an address of a Gateway: that of its Service in the cluster. Experimental. */
export const CLUSTER_ROUTABILITY = "Cluster";

export interface GatewaySpecAddress {
  /** `IPAddress`, `Hostname`, or `example.com/custom`. */
  readonly type: string;
  readonly value?: string;
  /** Experimental: `Cluster` or `example.com/custom`. */
  readonly routability?: string;
}

export interface GatewayInfrastructure {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly parametersRef?: LocalObjectReference;
}

export interface AllowedListeners {
  readonly namespaces: ListenerNamespaces;
}

export interface ListenerNamespaces {
  readonly from: "All" | "Selector" | "Same" | "None";
  readonly selector?: LabelSelector;
}

export interface GatewayTLSConfig {
  readonly backend?: GatewayBackendTLS;
  readonly frontend?: FrontendTLSConfig;
}

/** What the Gateway proves itself to backends with. */
export interface GatewayBackendTLS {
  readonly clientCertificateRef?: SecretObjectReference;
}

/** How clients of HTTPS listeners must prove themselves: by port, or else by default. */
export interface FrontendTLSConfig {
  readonly default: TLSConfig;
  readonly perPort?: readonly TLSPortConfig[];
}

export interface TLSPortConfig {
  readonly port: number;
  readonly tls: TLSConfig;
}

export interface TLSConfig {
  readonly validation?: FrontendTLSValidation;
}

export interface FrontendTLSValidation {
  readonly caCertificateRefs: readonly ObjectReference[];
  readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
}
