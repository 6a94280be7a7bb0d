/**
 * How many routes are attached to each listener: those whose Accepted condition is True for a parentRef that leads there,
 * whether or not the listener can serve them.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listenerstatus (attachedRoutes)
 */
import type { Collection, Graph, Index } from "../../collections/index.ts";
import type { ListenerKey } from "../../model/index.ts";
import type { ParentReference } from "../../resources/index.ts";
import type { RouteBindings } from "../attach/derive-attachments.ts";
import type { ObjectStatus } from "../object-status.ts";

export interface AttachedRoute {
  readonly key: string;
  readonly listener: ListenerKey;
}

export interface AttachedRoutes {
  readonly of: Collection<AttachedRoute>;
  readonly byListener: Index<AttachedRoute>;
}

export function deriveAttachedRoutes(
  graph: Graph,
  bindings: Collection<RouteBindings>,
  statuses: Collection<ObjectStatus>,
): AttachedRoutes {
  const of = graph.derive({
    name: "translate/AttachedRoutes",
    key: ({ key }: AttachedRoute) => key,
    from: bindings,
    reads: [statuses],
    map: ({ key, bindings: bound }, read) => {
      const attached = bound.filter(({ attachments }) => attachments.length > 0);
      if (attached.length === 0) return [];
      const accepted = read.pick(statuses, key, (status) =>
        attached.map(({ result }) => isAccepted(status, result.parentRef)),
      );
      const listeners = attached.flatMap(({ attachments }, index) =>
        accepted[index] === true ? attachments.map(({ listener }) => listener) : [],
      );
      // Several parentRefs of a route can lead to one listener, which it counts for once.
      return [...new Set(listeners)].map((listener) => ({ key: `${key}|${listener}`, listener }));
    },
  });
  return { of, byListener: graph.index(of, "by listener", ({ listener }) => [listener]) };
}

function isAccepted(status: ObjectStatus | undefined, parentRef: ParentReference): boolean {
  if (status === undefined || !("parents" in status.status)) return false;
  return status.status.parents.some(
    (parent) =>
      isSameParent(parent.parentRef, parentRef) &&
      parent.conditions.some((condition) => condition.type === "Accepted" && condition.status === "True"),
  );
}

const isSameParent = (a: ParentReference, b: ParentReference): boolean =>
  a.group === b.group &&
  a.kind === b.kind &&
  a.namespace === b.namespace &&
  a.name === b.name &&
  a.sectionName === b.sectionName &&
  a.port === b.port;
