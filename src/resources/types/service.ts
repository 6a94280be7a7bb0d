/** Service: the fields that Trilith reads. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
import type { NamespacedObject } from "./meta.ts";

export interface Service extends NamespacedObject {
  readonly kind: "Service";
  readonly spec: ServiceSpec;
  readonly status?: ServiceStatus;
}

export interface ServiceSpec {
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  /** Can be absent for ExternalName and for headless Services. */
  readonly ports?: readonly ServicePort[];
  readonly selector?: Readonly<Record<string, string>>;
  /** `None` for a headless Service. */
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  /** The first is what comes before the other wherever one has to be chosen. */
  readonly ipFamilies?: readonly ("IPv4" | "IPv6")[];
  readonly externalName?: string;
  readonly externalIPs?: readonly string[];
  readonly publishNotReadyAddresses?: boolean;
  /** `Local`: callers in the cluster are kept to endpoints of their own node. */
  readonly internalTrafficPolicy?: "Cluster" | "Local";
  /** `ClientIP`: connections from one address go to one endpoint. */
  readonly sessionAffinity?: "None" | "ClientIP";
}

export interface ServicePort {
  /** Can be absent when there is one port only. */
  readonly name?: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly targetPort: number | string;
  readonly appProtocol?: string;
  readonly nodePort?: number;
}

export interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
}
