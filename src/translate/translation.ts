/** What translation makes: collections that follow its inputs. */
import type { Collection } from "../collections/index.ts";
import type {
  Access,
  Backend,
  Certificate,
  Destination,
  EndpointSet,
  Frontend,
  GatewayAccess,
  MeshTelemetry,
  Outbound,
  RouteTable,
  Socket,
  StreamBackend,
  TrustBundle,
  VirtualHost,
  Workload,
  WorkloadSocket,
} from "../model/index.ts";
import type { Attachment } from "./attachment.ts";
import type { Finding } from "./finding.ts";
import type { InfrastructureWish } from "./gateways/derive-infrastructure.ts";
import type { Inputs } from "./inputs.ts";
import type { ListenerGeneration } from "./listener.ts";
import type { ObjectStatus } from "./object-status.ts";
import type { WantedResource } from "./wanted-resources.ts";

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
  /** Where the connections of workloads in the mesh go. */
  readonly destinations: Collection<Destination>;
  readonly outbounds: Collection<Outbound>;
  /** Those of this machine that are in the mesh: whoever runs proxies gives each a sidecar. */
  readonly workloads: Collection<Workload>;
  readonly workloadSockets: Collection<WorkloadSocket>;
  /** Who may call workloads of the mesh. */
  readonly access: Collection<Access>;
  /** Who may come in through Gateways, of those that policies are about. */
  readonly gatewayAccess: Collection<GatewayAccess>;
  /** What proxies of workloads tell, where policies say so. */
  readonly telemetry: Collection<MeshTelemetry>;
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
