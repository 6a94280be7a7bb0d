/**
 * References to certificate authorities: a ConfigMap in the namespace of whoever refers, or a ClusterTrustBundle, which is
 * nobody's namespace and so needs no permission.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-5075/
 */
import { certificatesGroup, objectKey, type ObjectKey, type ObjectReference } from "../resources/index.ts";

export interface Authority {
  readonly key: ObjectKey;
  /** For messages: `ConfigMap shop/ca`. */
  readonly label: string;
  /** Its part of the key of a trust bundle. */
  readonly part: string;
  readonly isClusterScoped: boolean;
}

/** Undefined for a kind that holds no authorities; `namespace` is where a name without one is looked for. */
export function authorityOf(reference: ObjectReference, namespace: string): Authority | undefined {
  const { group, kind, name } = reference;
  if (group === certificatesGroup && kind === "ClusterTrustBundle") {
    const key = objectKey({ group, kind, name });
    return { key, label: `${kind} ${name}`, part: `${kind}/${name}`, isClusterScoped: true };
  }
  if (group !== "" || kind !== "ConfigMap") return undefined;
  const at = `${reference.namespace || namespace}/${name}`;
  const key = objectKey({ group, kind, namespace: reference.namespace || namespace, name });
  return { key, label: `${kind} ${at}`, part: `${kind}/${at}`, isClusterScoped: false };
}

export const unknownAuthority = ({ group, kind }: ObjectReference): string =>
  `${kind}${group === "" ? "" : `.${group}`} are not supported; use a ConfigMap or a ClusterTrustBundle`;
