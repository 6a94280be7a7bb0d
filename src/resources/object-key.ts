/**
 * One string that names one object: `HTTPRoute.gateway.networking.k8s.io/shop/cart`, `Service/shop/cart` in the core
 * group, `GatewayClass.gateway.networking.k8s.io/trilith` without a namespace. It has no version: an object read as v1 and as
 * v1beta1 is the same object.
 */
import { groupOf } from "./kinds.ts";
import type { KubernetesObject } from "./types/meta.ts";

export type ObjectKey = string & { readonly __key: "Object" };

export interface ObjectIdentity {
  /** "" is the core group. */
  readonly group: string;
  readonly kind: string;
  /** Absent or "": the object is cluster-scoped. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export function objectKey({ group, kind, namespace, name }: ObjectIdentity): ObjectKey {
  const type = group === "" ? kind : `${kind}.${group}`;
  return (namespace ? `${type}/${namespace}/${name}` : `${type}/${name}`) as ObjectKey;
}

export function objectKeyOf(object: KubernetesObject): ObjectKey {
  return objectKey({
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
  });
}

/** The inverse of `objectKey`. */
export function parseObjectKey(key: ObjectKey): ObjectIdentity {
  const [type = "", ...names] = key.split("/");
  const dot = type.indexOf(".");
  const kind = dot === -1 ? type : type.slice(0, dot);
  const group = dot === -1 ? "" : type.slice(dot + 1);
  const name = names.at(-1) ?? "";
  return names.length === 2 ? { group, kind, namespace: names[0], name } : { group, kind, name };
}

/** For people: `HTTPRoute shop/cart`. */
export function formatObject({ kind, namespace, name }: Omit<ObjectIdentity, "group">): string {
  return namespace ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

/** `namespace/name`, or the name alone where there is no namespace. */
export function namespacedName(object: KubernetesObject): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}
