/** ReferenceGrant: lets objects of other namespaces point into this one. https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant */
import type { NamespacedObject } from "./meta.ts";

export interface ReferenceGrant extends NamespacedObject {
  readonly kind: "ReferenceGrant";
  readonly spec: ReferenceGrantSpec;
}

export interface ReferenceGrantSpec {
  readonly from: readonly ReferenceGrantFrom[];
  readonly to: readonly ReferenceGrantTo[];
}

export interface ReferenceGrantFrom {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface ReferenceGrantTo {
  readonly group: string;
  readonly kind: string;
  /** Absent: every object of that kind in the grant's namespace. */
  readonly name?: string;
}
