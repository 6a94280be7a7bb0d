/**
 * Where routes can attach: the objects that parentRefs name, and the part of their listeners that decides about routes.
 * Everything else about a listener may change without a route being looked at again.
 */
import type { Collection, Graph, Index } from "../../collections/index.ts";
import type { ListenerKey, NamespacedName, ProxyKey, RouteKind, RouteTableKey, SocketKey } from "../../model/index.ts";
import type { ObjectKey, RouteNamespaces } from "../../resources/index.ts";
import type { ManagedListenerSet } from "../gateways/listener-sets.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Listener } from "../listener.ts";

/** A Gateway or ListenerSet of ours. */
export interface RouteParent {
  readonly key: ObjectKey;
  readonly gateway: NamespacedName;
  /** Why a ListenerSet has no listeners that a route could attach to. */
  readonly refusal?: string;
  /** Routes that ask for default Gateways attach to it. */
  readonly isDefault?: boolean;
}

export interface AttachPoint {
  readonly key: ListenerKey;
  readonly parent: ObjectKey;
  /** The namespace of the parent, which `Same` means. */
  readonly namespace: string;
  readonly name: string;
  readonly gateway: NamespacedName;
  readonly proxy: ProxyKey;
  readonly protocol: string;
  readonly port: number;
  readonly hostname: string;
  readonly narrower: readonly string[];
  readonly allowedKinds: readonly RouteKind[];
  readonly allowedNamespaces: RouteNamespaces;
  readonly socket: SocketKey;
  readonly table?: RouteTableKey;
  readonly serving: boolean;
}

export interface AttachPoints {
  readonly parents: Collection<RouteParent>;
  /** The default Gateways, under `DEFAULT_GATEWAYS`. */
  readonly defaults: Index<RouteParent>;
  readonly points: Collection<AttachPoint>;
  /** By parent, and by `sectionToken` of parent and name. */
  readonly byParent: Index<AttachPoint>;
}

export const DEFAULT_GATEWAYS = "default Gateways";

export const sectionToken = (parent: ObjectKey, section: string): string => `${parent}#${section}`;

export function deriveAttachPoints(
  graph: Graph,
  gateways: Collection<ManagedGateway>,
  listenerSets: Collection<ManagedListenerSet>,
  listeners: Collection<Listener>,
): AttachPoints {
  const shape = { key: ({ key }: RouteParent) => key };
  const ofGateways = graph.derive({
    ...shape,
    name: "translate/GatewaysAsParents",
    from: gateways,
    map: ({ key, namespace, name, spec }) => [
      { key, gateway: { namespace, name }, ...(spec.defaultScope === "All" && { isDefault: true }) },
    ],
  });
  const ofSets = graph.derive({
    ...shape,
    name: "translate/ListenerSetsAsParents",
    from: listenerSets,
    map: ({ key, gateway, refusal }) => [{ key, gateway, ...(refusal !== undefined && { refusal }) }],
  });
  const points = graph.derive({
    name: "translate/AttachPoints",
    key: (point: AttachPoint) => point.key,
    from: listeners,
    map: (listener) => [attachPointOf(listener)],
  });
  const parents = graph.union<RouteParent>({ name: "translate/RouteParents", of: [ofGateways, ofSets] });
  return {
    parents,
    defaults: graph.index(parents, "default Gateways", ({ isDefault }) => (isDefault ? [DEFAULT_GATEWAYS] : [])),
    points,
    byParent: graph.index(points, "by parent", ({ parent, name }) => [parent, sectionToken(parent, name)]),
  };
}

function attachPointOf(listener: Listener): AttachPoint {
  const { key, parent, name, gateway, proxy, protocol, port, hostname, narrower } = listener;
  const { allowedKinds, allowedNamespaces, socket, table, serving } = listener;
  return {
    key,
    parent: parent.object,
    namespace: parent.namespace,
    name,
    gateway,
    proxy,
    protocol,
    port,
    hostname,
    narrower,
    allowedKinds,
    allowedNamespaces,
    socket,
    ...(table !== undefined && { table }),
    serving,
  };
}
