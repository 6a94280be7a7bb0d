/**
 * Backends: where requests and connections end. A backend is one (Service port or XBackend, protocol, TLS), whichever
 * routes use it, so that health and load-balancing state is one; its endpoints are a value of their own, which changes
 * without the backend changing.
 */
import type { BackendPolicy } from "./backend-policy.ts";
import type { BackendKey, CertificateKey, EndpointSetKey, StreamBackendKey, TrustBundleKey } from "./keys.ts";
import type { BackendOrigin, RuleOrigin } from "./provenance.ts";

/** How a proxy speaks to a backend. `http` is HTTP/1.1; `h2` is HTTP/2, with prior knowledge where there is no TLS; `auto` negotiates by ALPN. */
export type BackendProtocol = "http" | "h2" | "auto" | "tcp" | "udp";

export interface Backend {
  readonly key: BackendKey;
  readonly origin: BackendOrigin;
  readonly protocol: Exclude<BackendProtocol, "tcp" | "udp">;
  readonly endpoints: EndpointSetKey;
  readonly tls?: BackendTls;
  /** Absent: retries are bounded by their number alone. */
  readonly retryBudget?: RetryBudget;
  /** Absent: its owner asks for nothing. */
  readonly policy?: BackendPolicy;
}

/** How many requests to a backend may be retries at the same time; what is more is not tried again. */
export interface RetryBudget {
  /** Of the requests under way; 0 to 100. */
  readonly percent: number;
  /** So many are allowed whatever the percentage comes to. */
  readonly minConcurrent: number;
}

/** TLS towards a backend, from BackendTLSPolicy or XBackend.spec.tls. */
export interface BackendTls {
  /** Server name to send, and to authenticate unless subjectAltNames are given. */
  readonly hostname: string;
  readonly trust: { readonly kind: "system" } | { readonly kind: "bundle"; readonly bundle: TrustBundleKey };
  /** Any one of these must match, exactly or, for a hostname, by its wildcard. */
  readonly subjectAltNames: readonly { readonly type: "Hostname" | "URI"; readonly value: string }[];
  /** What the proxy proves itself with: Gateway.spec.tls.backend.clientCertificateRef. */
  readonly clientCertificate?: CertificateKey;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Its SPIFFE ID, where a proxy of the mesh takes its connections: they are made with mutual TLS then. */
  readonly identity?: string;
  /** What its pod is one of, where it is in the mesh: the name of a Deployment, a StatefulSet, … */
  readonly workload?: string;
}

/** By `Place`. */
export type EndpointsAt = Readonly<Record<string, readonly Endpoint[]>>;

/** Endpoints that are ready to serve, in a stable order. Empty means that the backend answers 503. */
export interface EndpointSet {
  readonly key: EndpointSetKey;
  readonly origin: BackendOrigin;
  readonly endpoints: readonly Endpoint[];
  /** What callers at a place have in their place. */
  readonly at?: EndpointsAt;
  /** A hostname whose first resolution is still under way: nobody should be sent there yet. */
  readonly unresolved?: true;
}

/**
 * What a rule of a TCPRoute, TLSRoute or UDPRoute sends its connections or datagrams to; or, in the mesh, a port of a Service that
 * no route speaks for.
 */
export interface StreamBackend {
  readonly key: StreamBackendKey;
  readonly origin: RuleOrigin | BackendOrigin;
  readonly protocol: "tcp" | "udp";
  /** Those with weight 0 are left out. */
  readonly targets: readonly StreamTarget[];
  /** What its owner asks for, where there is one target alone; never for datagrams. */
  readonly policy?: BackendPolicy;
}

export interface StreamTarget {
  readonly weight: number;
  /** Absent, with its origin: this share of the connections is refused, because its reference does not resolve. */
  readonly endpoints?: EndpointSetKey;
  readonly origin?: BackendOrigin;
  readonly tls?: BackendTls;
}
