/** The kinds that Trilith reads, with what their names are in the API, and the type of each one's objects. */
import type { AccessPolicy } from "./types/access-policy.ts";
import type { BackendPolicy } from "./types/backend-policy.ts";
import type { BackendTLSPolicy } from "./types/backend-tls-policy.ts";
import type { ClusterTrustBundle } from "./types/cluster-trust-bundle.ts";
import type { ConfigMap } from "./types/config-map.ts";
import type { EndpointSlice } from "./types/endpoint-slice.ts";
import type { Gateway } from "./types/gateway.ts";
import type { GatewayClass } from "./types/gateway-class.ts";
import type { GatewayParameters } from "./types/gateway-parameters.ts";
import type { GRPCRoute } from "./types/grpc-route.ts";
import type { HTTPRoute } from "./types/http-route.ts";
import type { TCPRoute, TLSRoute, UDPRoute } from "./types/l4-routes.ts";
import type { ListenerSet } from "./types/listener-set.ts";
import type { KubernetesObject } from "./types/meta.ts";
import type { Namespace } from "./types/namespace.ts";
import type { Pod } from "./types/pod.ts";
import type { ReferenceGrant } from "./types/reference-grant.ts";
import type { Secret } from "./types/secret.ts";
import type { Service } from "./types/service.ts";
import type { Workload } from "./types/workload.ts";
import type { XBackend } from "./types/x-backend.ts";
import type { XBackendTrafficPolicy } from "./types/x-backend-traffic-policy.ts";
import type { XMesh } from "./types/x-mesh.ts";
import type { XTelemetryPolicy } from "./types/x-telemetry-policy.ts";

/** The API group of the Gateway API. */
export const gatewayGroup = "gateway.networking.k8s.io";
/** The API group of the Gateway API's experimental kinds. */
export const experimentalGroup = "gateway.networking.x-k8s.io";
/** The API group of Kubernetes' certificates. */
export const certificatesGroup = "certificates.k8s.io";

/** The API group of Trilith's own kinds. */
export const trilithGroup = "trilith.dev";

export interface ObjectOfKind {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly ListenerSet: ListenerSet;
  readonly HTTPRoute: HTTPRoute;
  readonly GRPCRoute: GRPCRoute;
  readonly TLSRoute: TLSRoute;
  readonly TCPRoute: TCPRoute;
  readonly UDPRoute: UDPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly BackendTLSPolicy: BackendTLSPolicy;
  readonly XBackend: XBackend;
  readonly XBackendTrafficPolicy: XBackendTrafficPolicy;
  readonly XTelemetryPolicy: XTelemetryPolicy;
  readonly XMesh: XMesh;
  readonly GatewayParameters: GatewayParameters;
  readonly AccessPolicy: AccessPolicy;
  readonly BackendPolicy: BackendPolicy;
  readonly Workload: Workload;
  readonly Namespace: Namespace;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly ClusterTrustBundle: ClusterTrustBundle;
  readonly Pod: Pod;
}

export type Kind = keyof ObjectOfKind;
/** An object of any kind that Trilith reads; `kind` tells which. */
export type KnownObject = ObjectOfKind[Kind];
export type RouteKindName = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute";
export type Route = ObjectOfKind[RouteKindName];

export interface KindDescription {
  /** "" is the core group. */
  readonly group: string;
  readonly kind: Kind;
  /** Versions that are read, the one to write first. */
  readonly versions: readonly string[];
  /** The name in URLs. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** No cluster has it. */
  readonly onlyInFiles?: true;
}

export const kinds: Readonly<Record<Kind, KindDescription>> = {
  GatewayClass: describe("GatewayClass", gatewayGroup, ["v1", "v1beta1"], "gatewayclasses", false),
  Gateway: describe("Gateway", gatewayGroup, ["v1", "v1beta1"], "gateways"),
  ListenerSet: describe("ListenerSet", gatewayGroup, ["v1"], "listenersets"),
  HTTPRoute: describe("HTTPRoute", gatewayGroup, ["v1", "v1beta1"], "httproutes"),
  GRPCRoute: describe("GRPCRoute", gatewayGroup, ["v1"], "grpcroutes"),
  TLSRoute: describe("TLSRoute", gatewayGroup, ["v1", "v1alpha3", "v1alpha2"], "tlsroutes"),
  TCPRoute: describe("TCPRoute", gatewayGroup, ["v1", "v1alpha2"], "tcproutes"),
  UDPRoute: describe("UDPRoute", gatewayGroup, ["v1", "v1alpha2"], "udproutes"),
  ReferenceGrant: describe("ReferenceGrant", gatewayGroup, ["v1", "v1beta1"], "referencegrants"),
  BackendTLSPolicy: describe("BackendTLSPolicy", gatewayGroup, ["v1", "v1alpha3"], "backendtlspolicies"),
  XBackend: describe("XBackend", experimentalGroup, ["v1alpha1"], "xbackends"),
  XBackendTrafficPolicy: describe("XBackendTrafficPolicy", experimentalGroup, ["v1alpha1"], "xbackendtrafficpolicies"),
  XTelemetryPolicy: describe("XTelemetryPolicy", experimentalGroup, ["v1alpha1"], "xtelemetrypolicies"),
  XMesh: describe("XMesh", experimentalGroup, ["v1alpha1"], "xmeshes", false),
  GatewayParameters: describe("GatewayParameters", trilithGroup, ["v1alpha1"], "gatewayparameters"),
  AccessPolicy: describe("AccessPolicy", trilithGroup, ["v1alpha1"], "accesspolicies"),
  BackendPolicy: describe("BackendPolicy", trilithGroup, ["v1alpha1"], "backendpolicies"),
  Workload: { ...describe("Workload", trilithGroup, ["v1alpha1"], "workloads"), onlyInFiles: true },
  Namespace: describe("Namespace", "", ["v1"], "namespaces", false),
  Service: describe("Service", "", ["v1"], "services"),
  EndpointSlice: describe("EndpointSlice", "discovery.k8s.io", ["v1"], "endpointslices"),
  Secret: describe("Secret", "", ["v1"], "secrets"),
  ConfigMap: describe("ConfigMap", "", ["v1"], "configmaps"),
  ClusterTrustBundle: describe(
    "ClusterTrustBundle",
    certificatesGroup,
    ["v1beta1", "v1", "v1alpha1"],
    "clustertrustbundles",
    false,
  ),
  Pod: describe("Pod", "", ["v1"], "pods"),
};

function describe(
  kind: Kind,
  group: string,
  versions: readonly string[],
  plural: string,
  namespaced = true,
): KindDescription {
  return { group, kind, versions, plural, namespaced };
}

/** The group of an apiVersion: "gateway.networking.k8s.io" of "gateway.networking.k8s.io/v1", "" of "v1". */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

/** The version of an apiVersion: "v1" of "gateway.networking.k8s.io/v1" and of "v1". */
export const versionOf = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf("/") + 1);

/** Whether an object is of this kind, in its group and in a version that is read. It must have come from `validate`. */
export function isOfKind<K extends Kind>(object: KubernetesObject, kind: K): object is ObjectOfKind[K] {
  const { group, versions } = kinds[kind];
  return (
    object.kind === kind && groupOf(object.apiVersion) === group && versions.includes(versionOf(object.apiVersion))
  );
}
