/** Secret. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/ */
import type { NamespacedObject } from "./meta.ts";

export interface Secret extends NamespacedObject {
  readonly kind: "Secret";
  /** `Opaque`, `kubernetes.io/tls` … */
  readonly type: string;
  /** Values in base64; `stringData` has been merged into it. */
  readonly data?: Readonly<Record<string, string>>;
}
