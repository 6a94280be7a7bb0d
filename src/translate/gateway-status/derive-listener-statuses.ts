/** The status of each listener, which Gateways and ListenerSets put together: a route's change remakes one of them. */
import type { Collection, Graph, Index } from "../../collections/index.ts";
import type { ListenerKey, SocketKey } from "../../model/index.ts";
import { gatewayGroup, type ObjectKey } from "../../resources/index.ts";
import type { SocketReport } from "../inputs.ts";
import type { Listener, ListenerGeneration } from "../listener.ts";
import type { OwnListenerStatus } from "../object-status.ts";
import type { AttachedRoutes } from "./attached-routes.ts";
import { judgeListener, listenerConditions, type ListenerVerdicts, socketsOfListener } from "./listener-conditions.ts";

export interface ListenerResult extends ListenerVerdicts {
  readonly key: ListenerKey;
  readonly parent: ObjectKey;
  readonly gateway: ObjectKey;
  readonly name: string;
  readonly index: number;
  readonly isResolved: boolean;
  readonly isConflicted: boolean;
  readonly serving: boolean;
  readonly status: OwnListenerStatus;
}

export interface ListenerResults {
  readonly of: Collection<ListenerResult>;
  readonly byParent: Index<ListenerResult>;
}

export interface ListenerStatusSources {
  readonly listeners: Collection<Listener>;
  readonly listenerGenerations: Collection<ListenerGeneration>;
  readonly attachedRoutes: AttachedRoutes;
  readonly socketReports: Collection<SocketReport>;
}

export function deriveListenerResults(graph: Graph, sources: ListenerStatusSources): ListenerResults {
  const { listeners, listenerGenerations, attachedRoutes, socketReports } = sources;
  const of = graph.derive({
    name: "translate/ListenerStatuses",
    key: (result: ListenerResult) => result.key,
    from: listeners,
    reads: [listenerGenerations, attachedRoutes.of, socketReports],
    map: (listener, read) => {
      const stated = read.get(listenerGenerations, listener.key) ?? { generation: 0 };
      const reports = socketsOfListener(listener).map((socket: SocketKey) => read.get(socketReports, socket));
      const count = read.count(attachedRoutes.byListener, listener.key);
      return [resultOf(listener, judgeListener(listener, stated, reports), stated.generation, count)];
    },
  });
  return { of, byParent: graph.index(of, "by parent", ({ parent }) => [parent]) };
}

function resultOf(
  listener: Listener,
  verdicts: ListenerVerdicts,
  generation: number,
  attachedRoutes: number,
): ListenerResult {
  const { key, parent, gatewayObject, name, index, resolvedRefs, conflict, serving, allowedKinds } = listener;
  return {
    key,
    parent: parent.object,
    gateway: gatewayObject,
    name,
    index,
    ...verdicts,
    isResolved: resolvedRefs.status === "True",
    isConflicted: conflict !== undefined,
    serving,
    status: {
      name,
      supportedKinds: allowedKinds.map((kind) => ({ group: gatewayGroup, kind })),
      attachedRoutes,
      conditions: listenerConditions(listener, verdicts, generation),
    },
  };
}
