import type { PodMetadata } from "../resources/index.ts";

/** A pod as the API server shows it to be admitted: the fields that decide about a sidecar. Others are carried along unread. */
export interface AdmittedPod {
  readonly metadata?: PodMetadata & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly hostNetwork?: boolean;
    readonly initContainers?: readonly AskedContainer[];
    readonly containers?: readonly AskedContainer[];
    readonly volumes?: readonly NamedPart[];
  };
}

interface NamedPart {
  readonly name: string;
}

/** A container, with what the kubelet asks of it. */
export interface AskedContainer extends NamedPart {
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly livenessProbe?: AskedAction;
  readonly readinessProbe?: AskedAction;
  readonly startupProbe?: AskedAction;
  readonly lifecycle?: { readonly postStart?: AskedAction; readonly preStop?: AskedAction };
}

/** Of several ways to ask, one. */
export interface AskedAction {
  readonly httpGet?: {
    readonly host?: string;
    readonly path?: string;
    readonly port: number | string;
    readonly scheme?: string;
  };
  readonly tcpSocket?: { readonly host?: string; readonly port: number | string };
  readonly grpc?: { readonly port: number };
}

/** On a namespace or a pod: `enabled`, or on a pod `disabled`. */
export const MESH_LABEL = "trilith.dev/mesh";

/** The name of the sidecar in its pod. */
export const SIDECAR_CONTAINER = "trilith-proxy";
