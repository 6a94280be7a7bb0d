/**
 * What was programmed before this replica started, as the statuses tell that are stored in the API server: so a control plane
 * that starts does not take back what is still true.
 */
import type { Collection } from "../collections/index.ts";
import type { ListenerKey, Socket } from "../model/index.ts";
import { type Condition, gatewayGroup, type ObjectKey, objectKey } from "../resources/index.ts";
import type { StoredObject, StoredObjects, StoredStatus } from "../status/index.ts";
import { type SocketReport, uidInGateway } from "../translate/index.ts";
import type { Remembered } from "./peer-board.ts";

const ROUTE_PROGRAMMED = "trilith.dev/Programmed";

export function rememberedIn(
  stored: Pick<StoredObjects, "get">,
  sockets: Pick<Collection<Socket>, "get">,
  controllerName: string,
): Remembered {
  return {
    socket: (key) => {
      const socket = sockets.get(key);
      if (socket === undefined) return [];
      const gateway = objectKey({ group: gatewayGroup, kind: "Gateway", ...socket.gateway });
      const listeners = socket.chains.flatMap((chain) => chain.listeners);
      return listeners.flatMap((listener) => programmedOf(listener, gateway, stored) ?? []);
    },
    // A route that one of its parents does not have yet is asked for again at all of them.
    route: (route, uid) => {
      const object = stored.get(route);
      if (object?.uid !== uid) return 0;
      const own = ownParents(object?.status, controllerName);
      const generations = own.map(({ conditions }) => generationIn(conditions, ROUTE_PROGRAMMED));
      return generations.length === 0 ? 0 : Math.min(...generations);
    },
  };
}

type Programmed = SocketReport["programmed"][number];

/** `gateway`: the one that has the listener, be it by a ListenerSet. Undefined where the listener was not programmed. */
function programmedOf(
  listener: ListenerKey,
  gateway: ObjectKey,
  stored: Pick<StoredObjects, "get">,
): Programmed | undefined {
  const [object, section] = placeOf(listener);
  const { status, uid: ofObject } = stored.get(object) ?? {};
  const generation = generationIn(status?.listeners?.find(({ name }) => name === section)?.conditions, "Programmed");
  if (generation === 0) return undefined;
  if (object === gateway) return { listener, generation, ...(ofObject !== undefined && { uid: ofObject }) };
  const parent = stored.get(gateway);
  // A ListenerSet that has lost its Gateway keeps its status, which says nothing of the next one of that name.
  if (!hasBeenJudged(parent)) return undefined;
  const uid = uidInGateway(ofObject, parent?.uid);
  return { listener, generation, ...(uid !== undefined && { uid }) };
}

/** New ones have conditions by default, of no generation. */
const hasBeenJudged = (gateway: StoredObject | undefined): boolean =>
  gateway?.status?.conditions?.some(({ observedGeneration }) => observedGeneration !== undefined) ?? false;

/** The object that states the listener, and the listener's name there: the inverse of `listenerKey`. */
function placeOf(listener: ListenerKey): [ReturnType<typeof objectKey>, string] {
  const [kind = "", namespace, name = "", section = ""] = listener.split("/");
  return [objectKey({ group: gatewayGroup, kind, namespace, name }), section];
}

const ownParents = (status: StoredStatus | undefined, controllerName: string): NonNullable<StoredStatus["parents"]> =>
  (status?.parents ?? []).filter((parent) => parent.controllerName === controllerName);

/** The generation for which the condition is True; 0 where it is not. */
function generationIn(conditions: readonly Condition[] = [], type: string): number {
  const found = conditions.find((condition) => condition.type === type);
  return found?.status === "True" ? (found.observedGeneration ?? 0) : 0;
}
