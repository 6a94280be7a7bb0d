/**
 * What translation starts from: one source for each kind of resource, keyed by object key, and facts that drivers deliver,
 * because a pure room can neither parse certificates nor resolve names nor ask a proxy.
 */
import type { Collection, Graph, Source } from "../collections/index.ts";
import type { AskedDestination, ListenerKey, ProxyKey, SocketKey } from "../model/index.ts";
import { type Kind, objectKeyOf, type ObjectKey, type ObjectOfKind } from "../resources/index.ts";

/** Sources of resources; whoever reads files or watches a cluster fills them. */
export interface ResourceSources {
  readonly gatewayClasses: Source<ObjectOfKind["GatewayClass"]>;
  readonly gateways: Source<ObjectOfKind["Gateway"]>;
  readonly listenerSets: Source<ObjectOfKind["ListenerSet"]>;
  readonly httpRoutes: Source<ObjectOfKind["HTTPRoute"]>;
  readonly grpcRoutes: Source<ObjectOfKind["GRPCRoute"]>;
  readonly tlsRoutes: Source<ObjectOfKind["TLSRoute"]>;
  readonly tcpRoutes: Source<ObjectOfKind["TCPRoute"]>;
  readonly udpRoutes: Source<ObjectOfKind["UDPRoute"]>;
  readonly referenceGrants: Source<ObjectOfKind["ReferenceGrant"]>;
  readonly backendTlsPolicies: Source<ObjectOfKind["BackendTLSPolicy"]>;
  readonly xBackends: Source<ObjectOfKind["XBackend"]>;
  readonly backendTrafficPolicies: Source<ObjectOfKind["XBackendTrafficPolicy"]>;
  readonly telemetryPolicies: Source<ObjectOfKind["XTelemetryPolicy"]>;
  readonly meshes: Source<ObjectOfKind["XMesh"]>;
  readonly gatewayParameters: Source<ObjectOfKind["GatewayParameters"]>;
  readonly accessPolicies: Source<ObjectOfKind["AccessPolicy"]>;
  readonly backendPolicies: Source<ObjectOfKind["BackendPolicy"]>;
  readonly workloads: Source<ObjectOfKind["Workload"]>;
  readonly namespaces: Source<ObjectOfKind["Namespace"]>;
  readonly services: Source<ObjectOfKind["Service"]>;
  readonly endpointSlices: Source<ObjectOfKind["EndpointSlice"]>;
  readonly secrets: Source<ObjectOfKind["Secret"]>;
  readonly configMaps: Source<ObjectOfKind["ConfigMap"]>;
  readonly clusterTrustBundles: Source<ObjectOfKind["ClusterTrustBundle"]>;
  readonly pods: Source<ObjectOfKind["Pod"]>;
}

/** Facts, as collections: some are derived from resources by whoever can, others are sources with a driver. */
export interface Facts {
  readonly certificateFacts: Collection<CertificateFact>;
  readonly trustFacts: Collection<TrustFact>;
  readonly resolvedNames: Collection<ResolvedName>;
  readonly addressFacts: Collection<AddressFact>;
  readonly socketReports: Collection<SocketReport>;
  readonly routeReports: Collection<RouteReport>;
  /** Where Gateways have addresses of a load balancer, and not of the machine. */
  readonly gatewayAddresses?: Collection<GatewayAddressFact>;
  /** What the cluster's CRDs are. Without it, they are the ones whose schemas Trilith holds. */
  readonly bundle?: Collection<BundleFact>;
  /** Without it, nothing is said about certificates that have expired. */
  readonly clock?: Collection<ClockFact>;
  /** Who is in the mesh. */
  readonly meshMembers: Collection<MeshMember>;
  /** What proxies of the mesh asked about. */
  readonly askedDestinations: Collection<AskedDestination>;
}

export interface Inputs extends ResourceSources, Facts {}

/** What a Secret holds. */
export interface CertificateFact {
  readonly key: ObjectKey;
  /** Why it is no certificate that can be served; in words that can follow the Secret's name. */
  readonly problem?: string;
  /** RFC 3339. */
  readonly notAfter?: string;
  readonly dnsNames: readonly string[];
}

/** What a ConfigMap or ClusterTrustBundle holds of certificate authorities. */
export interface TrustFact {
  readonly key: ObjectKey;
  /** PEM. */
  readonly certificates?: string;
  readonly problem?: string;
}

export interface ResolvedName {
  /** The name, lower case. */
  readonly key: string;
  /** Sorted; empty where the name does not resolve. */
  readonly addresses: readonly string[];
  readonly error?: string;
}

/** Whether an address that a Gateway asks for can be listened on here. */
export interface AddressFact {
  readonly key: string;
  readonly usable: boolean;
  readonly problem?: string;
}

/** What a Gateway has got from whoever provides its load balancer. */
export interface GatewayAddressFact {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  /** In the order of the status. */
  readonly addresses: readonly { readonly type: string; readonly value: string; readonly routability?: string }[];
  /** Why what it needs cannot be made, or changed. */
  readonly problem?: string;
  /** It lasts as long as nobody changes anything: the API server refuses it, or another's object has the name. */
  readonly hindrance?: "refused" | "nameTaken";
  /** Values that were asked for and cannot be had. */
  readonly unusable: readonly { readonly value: string; readonly message: string }[];
}

/** What proxies did with a socket. */
export interface SocketReport {
  readonly key: SocketKey;
  /**
   * The listeners that proxies have acknowledged, with the generation of the Gateway or ListenerSet at that time, and its uid, as
   * `ListenerGeneration` has it: of a later one with the same name it says nothing.
   */
  readonly programmed: readonly {
    readonly listener: ListenerKey;
    readonly generation: number;
    readonly uid?: string;
  }[];
  readonly problem?: { readonly reason: "PortUnavailable" | "Refused"; readonly message: string };
}

/** What the Envoys of one proxy did with a route. */
export interface RouteReport {
  /** See `routeReportKey`. */
  readonly key: string;
  readonly route: ObjectKey;
  /** Of the route that it is about: of a later one with the same name it says nothing. */
  readonly uid?: string;
  readonly proxy: ProxyKey;
  /** The newest generation that all of them have acknowledged; 0 before the first. */
  readonly generation: number;
  /** Envoys are connected, so that they will say within milliseconds what they do with a newer one. Told in clusters. */
  readonly isFollowed?: true;
  readonly problem?: string;
  /** Backends that it leads to and that no endpoint of has passed a health check in the proxy yet: `Service/shop/cart:80`. */
  readonly unhealthy?: readonly string[];
}

export const routeReportKey = (route: ObjectKey, proxy: ProxyKey): string => `${route}|${proxy}`;

/** A workload with a proxy of the mesh beside it. */
export interface MeshMember {
  /** "namespace/name" of the pod. */
  readonly key: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** What it is one of: the name of a Deployment, a StatefulSet, … */
  readonly workload: string;
  /** Its own; empty while it has none. */
  readonly addresses: readonly string[];
  /** Ports on which its proxy takes no connections, so that callers speak no mutual TLS there; absent: none. */
  readonly plainPorts?: readonly number[];
}

/** What time it is, as coarsely as whoever tells it likes: an hour is often enough. */
export interface ClockFact {
  readonly key: "now";
  /** RFC 3339. */
  readonly time: string;
}

/** What the CRDs of the Gateway API that are installed say of themselves. */
export interface BundleFact {
  readonly key: "bundle";
  /** Sorted: `v1.7.0`. One, unless somebody installed parts of two. */
  readonly versions: readonly string[];
  /** Names of CRDs that do not say. Sorted. */
  readonly unversioned: readonly string[];
}

/** The property of ResourceSources for each kind. */
export const SOURCE_OF_KIND: Readonly<Record<Kind, keyof ResourceSources>> = {
  GatewayClass: "gatewayClasses",
  Gateway: "gateways",
  ListenerSet: "listenerSets",
  HTTPRoute: "httpRoutes",
  GRPCRoute: "grpcRoutes",
  TLSRoute: "tlsRoutes",
  TCPRoute: "tcpRoutes",
  UDPRoute: "udpRoutes",
  ReferenceGrant: "referenceGrants",
  BackendTLSPolicy: "backendTlsPolicies",
  XBackend: "xBackends",
  XBackendTrafficPolicy: "backendTrafficPolicies",
  XTelemetryPolicy: "telemetryPolicies",
  XMesh: "meshes",
  GatewayParameters: "gatewayParameters",
  AccessPolicy: "accessPolicies",
  BackendPolicy: "backendPolicies",
  Workload: "workloads",
  Namespace: "namespaces",
  Service: "services",
  EndpointSlice: "endpointSlices",
  Secret: "secrets",
  ConfigMap: "configMaps",
  ClusterTrustBundle: "clusterTrustBundles",
  Pod: "pods",
};

export function createResourceSources(graph: Graph): ResourceSources {
  const source = <K extends Kind>(kind: K): Source<ObjectOfKind[K]> =>
    graph.source<ObjectOfKind[K]>({ name: `resources/${kind}`, key: objectKeyOf });
  return {
    gatewayClasses: source("GatewayClass"),
    gateways: source("Gateway"),
    listenerSets: source("ListenerSet"),
    httpRoutes: source("HTTPRoute"),
    grpcRoutes: source("GRPCRoute"),
    tlsRoutes: source("TLSRoute"),
    tcpRoutes: source("TCPRoute"),
    udpRoutes: source("UDPRoute"),
    referenceGrants: source("ReferenceGrant"),
    backendTlsPolicies: source("BackendTLSPolicy"),
    xBackends: source("XBackend"),
    backendTrafficPolicies: source("XBackendTrafficPolicy"),
    telemetryPolicies: source("XTelemetryPolicy"),
    meshes: source("XMesh"),
    gatewayParameters: source("GatewayParameters"),
    accessPolicies: source("AccessPolicy"),
    backendPolicies: source("BackendPolicy"),
    workloads: source("Workload"),
    namespaces: source("Namespace"),
    services: source("Service"),
    endpointSlices: source("EndpointSlice"),
    secrets: source("Secret"),
    configMaps: source("ConfigMap"),
    clusterTrustBundles: source("ClusterTrustBundle"),
    pods: source("Pod"),
  };
}
