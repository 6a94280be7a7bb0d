/** EndpointSlice: addresses behind a Service. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/ */
import type { NamespacedObject } from "./meta.ts";

/** Belongs to the Service that the label `kubernetes.io/service-name` names. */
export interface EndpointSlice extends NamespacedObject {
  readonly kind: "EndpointSlice";
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly EndpointSliceEndpoint[];
  readonly ports?: readonly EndpointSlicePort[];
}

export const serviceNameLabel: string = "kubernetes.io/service-name";

export interface EndpointSliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: EndpointConditions;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly hints?: EndpointHints;
}

/** Callers whom the endpoint is for: those on these nodes, or in these zones. */
export interface EndpointHints {
  readonly forNodes?: readonly { readonly name: string }[];
  readonly forZones?: readonly { readonly name: string }[];
}

/** Absent means: ready is true, serving is as ready, terminating is false. */
export interface EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

export interface EndpointSlicePort {
  /** The name of the Service's port; "" for its only, unnamed one. */
  readonly name: string;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** Absent: all ports, of which nothing can be made here. */
  readonly port?: number;
  readonly appProtocol?: string;
}
