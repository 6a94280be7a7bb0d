/**
 * Statuses of ListenerSets. A set is accepted while its Gateway lets it attach and at least one of its listeners can be
 * served.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#listenersetstatus
 */
import type { Collection, Graph, Index } from "../../collections/index.ts";
import { gatewayGroup, kinds, type ObjectKey } from "../../resources/index.ts";
import { conditionOf, type ConditionVerdict } from "../conditions.ts";
import type { ManagedListenerSet } from "../gateways/listener-sets.ts";
import type { Placement } from "../gateways/placements.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { ListenerResult, ListenerResults } from "./derive-listener-statuses.ts";
import { programmedTogether, summarise } from "./summary.ts";

export interface ListenerSetResult {
  readonly key: ObjectKey;
  readonly gateway: ObjectKey;
  readonly accepted: ConditionVerdict;
  readonly status: ObjectStatus;
}

export interface ListenerSetResults {
  readonly of: Collection<ListenerSetResult>;
  /** Those that are accepted, by Gateway. */
  readonly acceptedByGateway: Index<ListenerSetResult>;
}

export function deriveListenerSetResults(
  graph: Graph,
  listenerSets: Collection<ManagedListenerSet>,
  placements: Collection<Placement>,
  results: ListenerResults,
): ListenerSetResults {
  const of = graph.derive({
    name: "translate/ListenerSetStatuses",
    key: ({ key }: ListenerSetResult) => key,
    from: listenerSets,
    reads: [placements, results.of],
    map: (set, read) => {
      const refusal = read.pick(placements, set.gatewayObject, (placement) => placement?.refusal?.message);
      const listeners = [...read.by(results.byParent, set.key)].sort((a, b) => a.index - b.index);
      return [resultOf(set, verdictsOf(set, refusal, listeners), listeners)];
    },
  });
  return {
    of,
    acceptedByGateway: graph.index(of, "accepted by Gateway", ({ gateway, accepted }) =>
      accepted.status === "True" ? [gateway] : [],
    ),
  };
}

interface Verdicts {
  readonly accepted: ConditionVerdict;
  readonly programmed: ConditionVerdict;
}

function verdictsOf(
  { refusal }: ManagedListenerSet,
  gatewayRefusal: string | undefined,
  listeners: readonly ListenerResult[],
): Verdicts {
  if (refusal !== undefined) return both("NotAllowed", refusal);
  if (gatewayRefusal !== undefined) {
    const message = `The Gateway is not accepted: ${gatewayRefusal}`;
    return { accepted: no("ParentNotAccepted", message), programmed: no("ParentNotProgrammed", message) };
  }
  const { idle, total } = summarise(listeners);
  const hasNoAddress = listeners.some(({ programmed, serving }) => !serving && programmed.reason === "Pending");
  if (idle.length === total && !hasNoAddress) {
    return both("ListenersNotValid", `No listener can be served: ${idle.join(", ")}`);
  }
  const accepted: ConditionVerdict =
    idle.length === 0 || hasNoAddress
      ? { status: "True", reason: "Accepted", message: "The listeners are part of the Gateway" }
      : {
          status: "True",
          reason: "ListenersNotValid",
          message: `These listeners cannot be served: ${idle.join(", ")}`,
        };
  if (hasNoAddress) {
    return { accepted, programmed: no("ParentNotProgrammed", "The Gateway has no address that can be listened on") };
  }
  return { accepted, programmed: programmedTogether(listeners) };
}

function resultOf(
  set: ManagedListenerSet,
  { accepted, programmed }: Verdicts,
  listeners: readonly ListenerResult[],
): ListenerSetResult {
  const { key, namespace, name, generation, gatewayObject } = set;
  return {
    key,
    gateway: gatewayObject,
    accepted,
    status: {
      key,
      apiVersion: `${gatewayGroup}/${kinds.ListenerSet.versions[0]}`,
      kind: "ListenerSet",
      namespace,
      name,
      generation,
      status: {
        conditions: [conditionOf("Accepted", accepted, generation), conditionOf("Programmed", programmed, generation)],
        listeners: listeners.map(({ status }) => status),
      },
    },
  };
}

const no = (reason: string, message: string): ConditionVerdict => ({ status: "False", reason, message });
const both = (reason: string, message: string): Verdicts => ({
  accepted: no(reason, message),
  programmed: no(reason, message),
});
