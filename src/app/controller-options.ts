/** What a replica of the control plane is started with. */
import type { Logger } from "pino";
import type { AdminAddress } from "../admin/index.ts";
import type { AccessLogging } from "../envoy/index.ts";
import type { AuthorityTimes, IdentityTimes } from "../identity/index.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import type { Redirection } from "../mesh/index.ts";
import type { UnknownDestinations } from "../model/index.ts";
import type { ConnectionAge } from "../transport/index.ts";
import type { EnvoyImage } from "./installation.ts";

export interface ControllerOptions {
  readonly client: ApiClient;
  /** Where Trilith is installed. */
  readonly namespace: string;
  /** The name of its Service, and of its ServiceAccount. */
  readonly service: string;
  /** Unique among all processes: the pod's name. */
  readonly replica: string;
  /** The token to show to other replicas, in a file. */
  readonly peerTokenFile: string;
  readonly envoy: EnvoyImage;
  /** What Gateways' Envoys listen on; `::` takes both families, and not every kernel has it. Default `0.0.0.0`. */
  readonly bindAddress?: "0.0.0.0" | "::";
  /** Of this pod. Default: one of IPv4. */
  readonly podAddress?: string | undefined;
  /** Default: `defaultIdentityTimes`. */
  readonly identity?: IdentityTimes;
  /** Absent: no mesh. */
  readonly mesh?: {
    readonly trustDomain: string;
    /** What becomes of connections to addresses that are nobody's in the cluster. */
    readonly unknownDestinations: UnknownDestinations;
    /** Where Services and pods have their addresses. */
    readonly networks: readonly string[];
    readonly redirection: Redirection;
    /** What sidecars log; default: everything. */
    readonly accessLog?: AccessLogging;
  };
  readonly listen: {
    readonly xds: AdminAddress;
    readonly peers: AdminAddress;
    /** Where the API server asks about new pods of the mesh. */
    readonly pods: AdminAddress;
    /** For probes and Prometheus. */
    readonly health: AdminAddress;
    /** Everything, to whoever can reach it: loopback. */
    readonly admin: AdminAddress;
  };
  readonly log: Logger;
  /** Default: as docs/decisions/proxy-identity.md and docs/decisions/replicas.md say. */
  readonly times?: ControllerTimes;
}

export interface ControllerTimes {
  readonly authority?: Partial<AuthorityTimes>;
  /** How long an Envoy's stream lasts. */
  readonly streamAge?: ConnectionAge;
  /** How long an Envoy that has what this replica does not know yet waits at most. */
  readonly catchUpMs?: number;
}
