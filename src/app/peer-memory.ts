/**
 * What was programmed before this replica started, as the statuses tell that are stored in the API server: so a control plane
 * that starts does not take back what is still true.
 */
import type { Collection } from "../collections/index.ts";
import type { ListenerKey, Socket } from "../model/index.ts";
import { type Condition, gatewayGroup, objectKey } from "../resources/index.ts";
import type { StoredObjects, StoredStatus } from "../status/index.ts";
import type { Remembered } from "./peer-board.ts";

const ROUTE_PROGRAMMED = "trilith.dev/Programmed";

export function rememberedIn(
  stored: Pick<StoredObjects, "get">,
  sockets: Pick<Collection<Socket>, "get">,
  controllerName: string,
): Remembered {
  return {
    listener: (listener) => {
      const [object, section] = placeOf(listener);
      const { status, uid } = stored.get(object) ?? {};
      const found = status?.listeners?.find(({ name }) => name === section);
      return { generation: generationIn(found?.conditions, "Programmed"), ...(uid !== undefined && { uid }) };
    },
    // A route that one of its parents does not have yet is asked for again at all of them.
    route: (route, uid) => {
      const object = stored.get(route);
      if (object?.uid !== uid) return 0;
      const own = ownParents(object?.status, controllerName);
      const generations = own.map(({ conditions }) => generationIn(conditions, ROUTE_PROGRAMMED));
      return generations.length === 0 ? 0 : Math.min(...generations);
    },
    listenersOf: (socket) => sockets.get(socket)?.chains.flatMap((chain) => chain.listeners) ?? [],
  };
}

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
