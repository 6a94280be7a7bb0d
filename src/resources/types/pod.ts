/** Pod, of which Trilith keeps what decides whether a backend can send to it. https://kubernetes.io/docs/concepts/workloads/pods/ */
import type { NamespacedObject } from "./meta.ts";

export interface Pod extends NamespacedObject {
  readonly kind: "Pod";
  readonly status?: PodStatus;
}

export interface PodStatus {
  readonly phase?: string;
  /** One of each family at most; the first is the pod's own. */
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}
