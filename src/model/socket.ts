/**
 * Sockets: what a proxy listens on, and what happens to a connection before any request is read. One socket serves all
 * Gateway API listeners of its address, transport and port; chains tell them apart by TLS server name.
 */
import type {
  CertificateKey,
  ListenerKey,
  NamespacedName,
  ProxyKey,
  RouteTableKey,
  SocketKey,
  StreamBackendKey,
  TrustBundleKey,
} from "./keys.ts";
import type { Tracing } from "./tracing.ts";

export interface Socket {
  readonly key: SocketKey;
  readonly proxy: ProxyKey;
  /** Whose listeners these are: one has a port to itself. */
  readonly gateway: NamespacedName;
  readonly transport: "tcp" | "udp";
  /** `::` takes IPv4 as well. */
  readonly address: string;
  /** It takes none, since another socket does. */
  readonly onlyIPv6?: true;
  readonly port: number;
  /** In a stable order. At least one. */
  readonly chains: readonly Chain[];
}

/** What serves one listener's connections; `listeners` are those of the Gateway API that it stands for. */
export type Chain =
  | {
      readonly kind: "http";
      readonly listeners: readonly ListenerKey[];
      readonly table: RouteTableKey;
      /** The most filters that a host of the table has before routing; absent: none. */
      readonly requestFilters?: number;
      readonly tracing?: Tracing;
      /** Workloads of the mesh come by mutual TLS, and so with their identities, on the same port. */
      readonly takesMembers?: true;
    }
  | {
      readonly kind: "https";
      readonly listeners: readonly ListenerKey[];
      readonly serverNames: readonly string[];
      readonly table: RouteTableKey;
      readonly requestFilters?: number;
      readonly tracing?: Tracing;
      readonly tls: ServerTls;
    }
  | {
      readonly kind: "tls";
      readonly listeners: readonly ListenerKey[];
      /** Exact or `*.example.com`; empty: any name, also none. */
      readonly serverNames: readonly string[];
      /** Absent: TLS is passed through. */
      readonly tls?: ServerTls;
      /** Absent: no route; connections are closed. */
      readonly target?: StreamBackendKey;
    }
  | {
      readonly kind: "tcp" | "udp";
      readonly listeners: readonly ListenerKey[];
      readonly target?: StreamBackendKey;
    };

/** TLS that a listener terminates. */
export interface ServerTls {
  readonly certificates: readonly CertificateKey[];
  readonly clientValidation?: ClientValidation;
  /** Listener's tls.options that Trilith knows: lowest and highest TLS version. */
  readonly minVersion?: "1.2" | "1.3";
  readonly maxVersion?: "1.2" | "1.3";
}

export interface ClientValidation {
  readonly trust: TrustBundleKey;
  /** AllowInsecureFallback asks for a certificate but accepts any, or none. */
  readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
}

/** PEM, as the Secret holds it. */
export interface Certificate {
  readonly key: CertificateKey;
  readonly certificateChain: string;
  readonly privateKey: string;
}

export interface TrustBundle {
  readonly key: TrustBundleKey;
  /** One or more PEM certificates. */
  readonly certificates: string;
}
