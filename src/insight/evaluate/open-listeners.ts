/**
 * The listeners that there are: Gateways' own, and those of the ListenerSets that a Gateway allows. Of several that a port
 * cannot tell apart the first has it: the Gateway's own come first, then ListenerSets' by age, then by name.
 *
 * Listeners that the API itself refuses beside each other, and several Gateways on one port, are not judged.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listenersetspec
 */
import {
  type Gateway,
  type KnownObject,
  type Listener,
  type ListenerNamespaces,
  type ListenerSet,
  matchesSelector,
  type Namespace,
} from "../../resources/index.ts";
import { isPermitted } from "./permissions.ts";

export interface OpenListener {
  readonly gateway: Gateway;
  /** What states the listener, and what routes name. */
  readonly parent: Gateway | ListenerSet;
  readonly listener: Listener;
  /** Without any certificate it keeps its names and takes no connection. */
  readonly canServe: boolean;
}

export function openListeners(objects: readonly KnownObject[]): OpenListener[] {
  const stated = objects.flatMap((gateway) =>
    gateway.kind === "Gateway" ? [gateway, ...setsOf(objects, gateway)].map((parent) => ({ gateway, parent })) : [],
  );
  const open: OpenListener[] = [];
  for (const { gateway, parent } of stated) {
    for (const listener of parent.spec.listeners) {
      if (open.some((earlier) => excludes(earlier.listener, listener))) continue;
      open.push({ gateway, parent, listener, canServe: canServe(objects, parent, listener) });
    }
  }
  return open;
}

function setsOf(objects: readonly KnownObject[], gateway: Gateway): ListenerSet[] {
  const { namespace, name } = gateway.metadata;
  const allowed = gateway.spec.allowedListeners?.namespaces ?? ({ from: "None" } as const);
  const isOfGateway = (object: KnownObject): object is ListenerSet =>
    object.kind === "ListenerSet" &&
    object.spec.parentRef.kind === "Gateway" &&
    object.spec.parentRef.name === name &&
    (object.spec.parentRef.namespace ?? object.metadata.namespace) === namespace;
  return objects
    .filter(isOfGateway)
    .filter((set) => isFrom(objects, allowed, namespace, set.metadata.namespace))
    .sort((a, b) => ageOf(a) - ageOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

const nameOf = ({ metadata }: ListenerSet): string => `${metadata.namespace}/${metadata.name}`;

/** What was never created by an API server is the youngest. */
const ageOf = ({ metadata: { creationTimestamp } }: ListenerSet): number =>
  creationTimestamp === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(creationTimestamp);

/** A port speaks one protocol, and each of its hostnames has one listener. */
const excludes = (earlier: Listener, later: Listener): boolean =>
  earlier.port === later.port &&
  (earlier.protocol !== later.protocol || earlier.hostname?.toLowerCase() === later.hostname?.toLowerCase());

/** Whether an object of namespace `other` is wanted by one of `own`. */
export function isFrom(
  objects: readonly KnownObject[],
  { from, selector }: ListenerNamespaces,
  own: string,
  other: string,
): boolean {
  if (from === "Selector") {
    const found = objects.find(
      (object): object is Namespace => object.kind === "Namespace" && object.metadata.name === other,
    );
    return found !== undefined && matchesSelector(selector, found.metadata.labels);
  }
  return from === "All" || (from === "Same" && own === other);
}

function canServe(objects: readonly KnownObject[], parent: Gateway | ListenerSet, listener: Listener): boolean {
  if (listener.protocol !== "HTTPS") return true;
  return (listener.tls?.certificateRefs ?? []).some(({ group, kind, namespace, name }) => {
    const home = namespace ?? parent.metadata.namespace;
    const isThere = objects.some(
      ({ kind: found, metadata }) => found === "Secret" && metadata.namespace === home && metadata.name === name,
    );
    return (
      group === "" && kind === "Secret" && isThere && isPermitted(objects, parent, { kind, namespace: home, name })
    );
  });
}
