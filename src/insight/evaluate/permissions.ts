/** Whether an object may refer to one of another namespace. https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant */
import type { KnownObject } from "../../resources/index.ts";

interface Referring {
  readonly kind: string;
  readonly metadata: { readonly namespace: string };
}

/** Of the core group. */
interface Referred {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `referring` is an object of the Gateway API. */
export function isPermitted(objects: readonly KnownObject[], referring: Referring, referred: Referred): boolean {
  if (referring.metadata.namespace === referred.namespace) return true;
  return objects.some((object) => {
    if (object.kind !== "ReferenceGrant" || object.metadata.namespace !== referred.namespace) return false;
    const { from, to } = object.spec;
    return (
      from.some(
        ({ group, kind, namespace }) =>
          group === "gateway.networking.k8s.io" &&
          kind === referring.kind &&
          namespace === referring.metadata.namespace,
      ) &&
      to.some(
        ({ group, kind, name }) => group === "" && kind === referred.kind && (name ?? referred.name) === referred.name,
      )
    );
  });
}
