/**
 * ListenerSets whose parent is a Gateway of ours, with whether that Gateway allows them.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listenerset
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { NamespacedName } from "../../model/index.ts";
import {
  gatewayGroup,
  type Listener as ListenerSpec,
  type ListenerNamespaces,
  type ListenerSet,
  type Namespace,
  objectKeyOf,
  type ObjectKey,
} from "../../resources/index.ts";
import { isNamespaceAllowed } from "../allowed-namespaces.ts";
import { type Finding, findingOf } from "../finding.ts";
import { uidInGateway } from "../listener.ts";
import { gatewayKeyOf, type ManagedGateway } from "./managed-gateways.ts";

export interface ManagedListenerSet extends NamespacedName {
  readonly key: ObjectKey;
  readonly generation: number;
  readonly createdAt?: string;
  /** Of the set as it is in its Gateway. */
  readonly uid?: string;
  readonly gateway: NamespacedName;
  readonly gatewayObject: ObjectKey;
  /** Why the Gateway does not let it attach. */
  readonly refusal?: string;
  readonly listeners: readonly ListenerSpec[];
}

export function deriveListenerSets(
  graph: Graph,
  listenerSets: Collection<ListenerSet>,
  gateways: Collection<ManagedGateway>,
  namespaces: Collection<Namespace>,
): Collection<ManagedListenerSet> {
  return graph.derive({
    name: "translate/ListenerSets",
    key: (set: ManagedListenerSet) => set.key,
    from: listenerSets,
    reads: [gateways, namespaces],
    map: (set, read) => {
      const gateway = parentOf(set);
      if (gateway === undefined) return [];
      const gatewayObject = gatewayKeyOf(gateway);
      const parent = read.pick(
        gateways,
        gatewayObject,
        (found) => found && { allowed: found.spec.allowedListeners, uid: found.uid },
      );
      if (parent === undefined) return [];
      const from: ListenerNamespaces = parent.allowed?.namespaces ?? { from: "None" };
      const { namespace, name, generation = 0, creationTimestamp } = set.metadata;
      const uid = uidInGateway(set.metadata.uid, parent.uid);
      const refusal = isNamespaceAllowed(from, gateway.namespace, namespace, namespaces, read)
        ? undefined
        : `Gateway ${gateway.name} does not allow ListenerSets of namespace ${namespace} (allowedListeners.namespaces.from is ${from.from})`;
      return [
        {
          key: objectKeyOf(set),
          namespace,
          name,
          generation,
          ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
          ...(uid !== undefined && { uid }),
          gateway,
          gatewayObject,
          ...(refusal !== undefined && { refusal }),
          listeners: set.spec.listeners,
        },
      ];
    },
  });
}

/** A ListenerSet whose Gateway nobody has: it waits, and nothing says so in its status. */
export function deriveOrphanFindings(
  graph: Graph,
  listenerSets: Collection<ListenerSet>,
  gateways: Collection<{ readonly metadata: NamespacedName }>,
): Collection<Finding> {
  return graph.derive({
    name: "translate/OrphanListenerSetFindings",
    key: (finding: Finding) => finding.key,
    from: listenerSets,
    reads: [gateways],
    map: (set, read) => {
      const gateway = parentOf(set);
      if (gateway === undefined || read.pick(gateways, gatewayKeyOf(gateway), (found) => found !== undefined))
        return [];
      const message = `there is no Gateway ${gateway.namespace}/${gateway.name}, so that these listeners are not served`;
      const object = objectKeyOf(set);
      return [
        findingOf({
          object,
          severity: "error",
          code: "listener-set-parent-not-found",
          path: "spec.parentRef",
          message,
        }),
      ];
    },
  });
}

function parentOf({ metadata, spec }: ListenerSet): NamespacedName | undefined {
  const { group, kind, name, namespace = metadata.namespace } = spec.parentRef;
  return group === gatewayGroup && kind === "Gateway" ? { namespace, name } : undefined;
}
