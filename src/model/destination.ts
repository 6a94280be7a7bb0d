/**
 * Destinations: the addresses that workloads in the mesh connect to, and where their connections go from there. Only those that some
 * workload has connected to are ever made, so that a proxy knows what its workload uses, however much there is in the cluster.
 */
import type { DestinationKey, ProxyKey, StreamBackendKey } from "./keys.ts";
import type { BackendOrigin } from "./provenance.ts";

/** An address and port that the proxy of some workload asked about. */
export interface AskedDestination {
  readonly key: DestinationKey;
  readonly address: string;
  readonly port: number;
}

export interface Destination {
  /** Unique among those of all audiences: `10.96.0.5:80@mesh//`. */
  readonly key: string;
  readonly at: DestinationKey;
  /** A narrower audience's destination stands in the place of a wider one's. */
  readonly callers: ProxyKey;
  readonly leads: DestinationTarget;
  /** All of the audience's proxies know it before they ask. */
  readonly ahead?: true;
}

/** What becomes of connections to addresses that are neither a Service's nor those of a pod in the mesh. */
export type UnknownDestinations = "pass" | "refuse";

/** How the connections of an audience's workloads go out. */
export interface Outbound {
  /** The audience; a narrower one's stands in the place of a wider one's. */
  readonly key: ProxyKey;
  readonly unknown: UnknownDestinations;
  /** Networks whose addresses are asked about: `10.0.0.0/8`. An address elsewhere is nobody's in the cluster. */
  readonly networks: readonly string[];
}

/** Those for private use: RFC 1918, 6598 and 4193. */
export const PRIVATE_NETWORKS: readonly string[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fc00::/7",
];

/**
 * - `frontend`: routes speak for the port of a Service that it is.
 * - `service`: it is a port of a Service that no route speaks for: straight on to the Service's endpoints.
 * - `workload`: it is a pod of the mesh, called by its own address: on to it with mutual TLS.
 * - `elsewhere`: nothing is known of it, or no proxy takes its connections: on to where it was going, as it is.
 * - `nowhere`: nothing is known of it, and that is refused.
 */
export type DestinationTarget =
  | { readonly to: "frontend"; readonly service: BackendOrigin }
  | { readonly to: "service"; readonly backend: StreamBackendKey }
  | { readonly to: "workload"; readonly identity: string; readonly pod: string }
  | { readonly to: "elsewhere" | "nowhere" };
