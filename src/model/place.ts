/**
 * Places: where in a cluster a proxy runs, and endpoints are. Some Services are to be called at endpoints that are near; which those are, each
 * caller's node and zone decide. A proxy says of itself where it runs, in the zone of its locality (Envoy's `--service-zone`).
 */

import { PLACE_VARIABLES } from "./traffic.ts";

/** What endpoints are for: callers on a node, callers in a zone, or workloads alone, which are kept to their own node. */
export type Place = `node/${string}` | `zone/${string}` | `workloads/${string}` | "workloads";

/** `zone/node`, of which either may be empty: names of neither have a slash. */
export const placeStatement = (zone: string, node: string): string => `${zone}/${node}`;

/**
 * The places of a proxy that has said this, the nearest first; none where it does not know its node. Workloads of a node that has no endpoint of
 * a Service which keeps them to it are still to know that: they have that of all `workloads`, which is empty.
 */
export function placesOf(statement: string, isOfWorkload: boolean): readonly Place[] {
  const [zone = "", node = ""] = statement.split("/");
  if (node === "") return [];
  const kept: readonly Place[] = isOfWorkload ? [`workloads/${node}`, "workloads"] : [];
  return [...kept, `node/${node}`, ...(zone === "" ? [] : [`zone/${zone}` as const])];
}

/** A variable of a container's environment that the kubelet fills in. */
interface PodVariable {
  readonly name: string;
  readonly valueFrom: { readonly fieldRef: { readonly apiVersion: "v1"; readonly fieldPath: string } };
}

export const fromPod = (name: string, fieldPath: string): PodVariable => ({
  name,
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
});

/**
 * Of the environment of a proxy's container: what `placeInPod` is made of. Kubernetes gives pods the label with the zone of their node since
 * 1.35 (https://kep.k8s.io/4742); before that it is empty.
 */
export const placeVariables: readonly PodVariable[] = [
  fromPod(PLACE_VARIABLES.zone, "metadata.labels['topology.kubernetes.io/zone']"),
  fromPod(PLACE_VARIABLES.node, "spec.nodeName"),
];

/** What a proxy says of itself in a pod; the kubelet puts in the values. */
export const placeInPod: string = placeStatement(`$(${PLACE_VARIABLES.zone})`, `$(${PLACE_VARIABLES.node})`);
