/** Every kind and version that Trilith reads, with its schema. */
import { accessPolicySchema } from "./access-policy.ts";
import { kinds, type Kind, type ObjectOfKind } from "../kinds.ts";
import { backendPolicySchema } from "./backend-policy.ts";
import { backendTLSPolicySchema } from "./backend-tls-policy.ts";
import { clusterTrustBundleSchema } from "./cluster-trust-bundle.ts";
import { endpointSliceSchema } from "./endpoint-slice.ts";
import { gatewayClassSchema } from "./gateway-class.ts";
import { gatewayParametersSchema } from "./gateway-parameters.ts";
import { gatewaySchema, listenerSetSchema } from "./gateway.ts";
import { grpcRouteSchema } from "./grpc-route.ts";
import { httpRouteSchema } from "./http-route.ts";
import {
  tcpRouteSchema,
  tcpRouteV1alpha2Schema,
  tlsRouteSchema,
  tlsRouteV1alpha2Schema,
  udpRouteSchema,
  udpRouteV1alpha2Schema,
} from "./l4-routes.ts";
import { completeSecret, configMapSchema, namespaceSchema, secretSchema } from "./object-data.ts";
import { podSchema, trimmedPod } from "./pod.ts";
import { referenceGrantSchema } from "./reference-grant.ts";
import type { AnyObjectSchema, Schema } from "./schema.ts";
import { completeService, serviceSchema } from "./service.ts";
import { xBackendSchema } from "./x-backend.ts";
import { workloadSchema } from "./workload.ts";
import { xBackendTrafficPolicySchema } from "./x-backend-traffic-policy.ts";
import { xMeshSchema } from "./x-mesh.ts";
import { xTelemetryPolicySchema } from "./x-telemetry-policy.ts";

export interface KindSchema {
  readonly group: string;
  readonly version: string;
  readonly kind: Kind;
  readonly namespaced: boolean;
  readonly schema: AnyObjectSchema;
  /** What is filled in beyond defaults, once the object is known to be right. */
  complete?(object: ObjectOfKind[Kind]): ObjectOfKind[Kind];
}

/** The same schema for every version of a kind, but for those in `versions`. */
function entries<K extends Kind>(
  kind: K,
  schema: Schema<ObjectOfKind[K]>,
  versions: Readonly<Record<string, Schema<ObjectOfKind[K]>>> = {},
  complete?: (object: ObjectOfKind[K]) => ObjectOfKind[K],
): readonly KindSchema[] {
  const { group, namespaced } = kinds[kind];
  return kinds[kind].versions.map((version) => ({
    group,
    version,
    kind,
    namespaced,
    schema: (versions[version] ?? schema) as unknown as AnyObjectSchema,
    ...(complete === undefined ? {} : { complete }),
  }));
}

export const schemas: readonly KindSchema[] = [
  ...entries("GatewayClass", gatewayClassSchema),
  ...entries("Gateway", gatewaySchema),
  ...entries("ListenerSet", listenerSetSchema),
  ...entries("HTTPRoute", httpRouteSchema),
  ...entries("GRPCRoute", grpcRouteSchema),
  ...entries("TLSRoute", tlsRouteSchema, { v1alpha2: tlsRouteV1alpha2Schema }),
  ...entries("TCPRoute", tcpRouteSchema, { v1alpha2: tcpRouteV1alpha2Schema }),
  ...entries("UDPRoute", udpRouteSchema, { v1alpha2: udpRouteV1alpha2Schema }),
  ...entries("ReferenceGrant", referenceGrantSchema),
  ...entries("BackendTLSPolicy", backendTLSPolicySchema),
  ...entries("XBackend", xBackendSchema),
  ...entries("XBackendTrafficPolicy", xBackendTrafficPolicySchema),
  ...entries("XTelemetryPolicy", xTelemetryPolicySchema),
  ...entries("XMesh", xMeshSchema),
  ...entries("GatewayParameters", gatewayParametersSchema),
  ...entries("AccessPolicy", accessPolicySchema),
  ...entries("BackendPolicy", backendPolicySchema),
  ...entries("Workload", workloadSchema),
  ...entries("Namespace", namespaceSchema),
  ...entries("Service", serviceSchema, {}, completeService),
  ...entries("EndpointSlice", endpointSliceSchema),
  ...entries("Secret", secretSchema as unknown as Schema<ObjectOfKind["Secret"]>, {}, completeSecret),
  ...entries("ConfigMap", configMapSchema),
  ...entries("ClusterTrustBundle", clusterTrustBundleSchema),
  ...entries("Pod", podSchema, {}, trimmedPod),
];
