/** What translation is told about the place where it runs, and what it makes. */
import type { Collection } from "../collections/index.ts";
import type {
  Access,
  Backend,
  Certificate,
  EndpointSet,
  Frontend,
  ListenerKey,
  NamespacedName,
  ProxyKey,
  RouteTable,
  Socket,
  StreamBackend,
  TrustBundle,
  VirtualHost,
} from "../model/index.ts";
import type { Attachment } from "./attachment.ts";
import type { Finding } from "./finding.ts";
import type { InfrastructureWish } from "./gateways/derive-infrastructure.ts";
import type { Inputs } from "./inputs.ts";
import type { ObjectStatus } from "./object-status.ts";
import type { WantedResource } from "./wanted-resources.ts";

export interface TranslateSettings {
  /** GatewayClasses with this `spec.controllerName` are ours. */
  readonly controllerName: string;
  /** The proxy that serves a Gateway. */
  proxyOf(gateway: NamespacedName): ProxyKey;
  /** What to listen on for Gateways that ask for no address, such as `0.0.0.0`. */
  readonly bindAddress: string;
  /**
   * What `Gateway.spec.addresses` are. `host`: addresses of the machine that the proxy runs on, which it binds.
   * `service`: addresses of a load balancer in front of the proxies, which all bind `bindAddress`.
   */
  readonly addresses: "host" | "service";
  /** Absent: there is no mesh, and routes attach to no Service. */
  readonly mesh?: {
    /** XMeshes with this `spec.controllerName` are ours. */
    readonly controllerName: string;
    /** Of its identities. */
    readonly trustDomain: string;
    /** Names of Gateway API features, for the status of XMeshes. */
    readonly features: readonly string[];
  };
  /** Names of Gateway API features, for the status of GatewayClasses. */
  readonly features: readonly string[];
}

export interface Translation {
  readonly inputs: Inputs;
  readonly sockets: Collection<Socket>;
  readonly routeTables: Collection<RouteTable>;
  readonly virtualHosts: Collection<VirtualHost>;
  readonly backends: Collection<Backend>;
  readonly endpointSets: Collection<EndpointSet>;
  readonly streamBackends: Collection<StreamBackend>;
  /** Ports of Services as callers in the mesh reach them. */
  readonly frontends: Collection<Frontend>;
  /** Who may call workloads of the mesh. */
  readonly access: Collection<Access>;
  readonly certificates: Collection<Certificate>;
  readonly trustBundles: Collection<TrustBundle>;
  /** Names that backends are reached by: deliver `resolvedNames` for them. */
  readonly wantedNames: Collection<{ readonly key: string }>;
  /** What is read of Secrets, ConfigMaps and Pods, by whoever does not read all of them anyway. */
  readonly wantedResources: Collection<WantedResource>;
  readonly attachments: Collection<Attachment>;
  /** The generation of the object that states each listener: what a socket report acknowledges. */
  readonly listenerGenerations: Collection<ListenerGeneration>;
  /** What Gateways need of the cluster: whoever provisions makes it, and delivers `gatewayAddresses`. */
  readonly infrastructure: Collection<InfrastructureWish>;
  readonly statuses: Collection<ObjectStatus>;
  readonly findings: Collection<Finding>;
}

export interface ListenerGeneration {
  readonly key: ListenerKey;
  readonly generation: number;
}
