/**
 * Endpoints of an XBackend that selects pods. Which of them get traffic is decided as Kubernetes decides for EndpointSlices:
 * those that are ready and stay, and where there is none, those that still serve while they terminate.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-4894/
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import type { Endpoint } from "../../model/index.ts";
import { compareText, type Pod } from "../../resources/index.ts";
import type { EndpointPlan } from "./endpoint-plan.ts";

export type Labels = Readonly<Record<string, string>>;

/** By namespace and each label, so that a pod wakes those backends alone that name one of its labels. */
export const indexPods = (graph: Graph, pods: Collection<Pod>): Index<Pod> =>
  graph.index(pods, "by label", ({ metadata: { namespace, labels = {} } }) =>
    Object.entries(labels).map(([key, value]) => labelToken(namespace, key, value)),
  );

const labelToken = (namespace: string, key: string, value: string): string => `${namespace}/${key}=${value}`;

export function planOfSelector(
  namespace: string,
  matchLabels: Labels,
  port: number,
  pods: Index<Pod>,
  read: Reader,
): EndpointPlan {
  const labels = Object.entries(matchLabels).sort(([a], [b]) => compareText(a, b));
  const [first] = labels;
  if (first === undefined) return { endpoints: [], names: [] };
  const selected = read
    .by(pods, labelToken(namespace, ...first))
    .filter(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value))
    .filter(isServing);
  const staying = selected.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const chosen = staying.length > 0 ? staying : selected;
  return { endpoints: endpointsOf(chosen, port), names: [] };
}

function isServing({ status }: Pod): boolean {
  const { phase, conditions = [] } = status ?? {};
  const isOver = phase === "Succeeded" || phase === "Failed";
  return !isOver && conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
}

/** A pod counts once, by the first of its addresses. */
function endpointsOf(pods: readonly Pod[], port: number): Endpoint[] {
  const addresses = pods.flatMap(({ status }) => (status?.podIPs ?? []).slice(0, 1).map(({ ip }) => ip));
  return [...new Set(addresses)].sort(compareText).map((address) => ({ address, port }));
}
