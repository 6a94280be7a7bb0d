/**
 * From which namespaces objects may come: routes to a listener, and ListenerSets to a Gateway.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces
 */
import type { Collection, Reader } from "../collections/index.ts";
import { type ListenerNamespaces, matchesSelector, type Namespace, objectKey } from "../resources/index.ts";

/** `own` is the namespace of the object that states the rule, `other` that of the one that wants to come. */
export function isNamespaceAllowed(
  { from, selector }: ListenerNamespaces,
  own: string,
  other: string,
  namespaces: Collection<Namespace>,
  read: Reader,
): boolean {
  switch (from) {
    case "All":
      return true;
    case "Same":
      return own === other;
    case "None":
      return false;
    case "Selector":
      return isSelected(other, selector, namespaces, read);
  }
}

/** A namespace that does not exist is never selected. */
function isSelected(
  name: string,
  selector: ListenerNamespaces["selector"],
  namespaces: Collection<Namespace>,
  read: Reader,
): boolean {
  const key = objectKey({ group: "", kind: "Namespace", name });
  return read.pick(namespaces, key, (found) => found !== undefined && matchesSelector(selector, found.metadata.labels));
}
