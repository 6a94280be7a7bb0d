/**
 * Which endpoints callers at a place are to have, by the rules that kube-proxy keeps to:
 *
 * - `internalTrafficPolicy: Local`: workloads have the endpoints of their own node, and no others, also where there are none. Clients of Gateways
 *   are nowhere in particular, so that Gateways have all.
 * - Where each endpoint says which nodes, or which zones, it is for (hints, which Kubernetes sets for `trafficDistribution`), a caller has those for
 *   its node, or else for its zone, if there are some; a hint that is missing at one endpoint has all of them count for nothing.
 *
 * https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/,
 * https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/
 */
import type { Place } from "../../model/index.ts";
import type { EndpointSliceEndpoint, Service } from "../../resources/index.ts";

/** Whether the endpoints of a place are among these. */
export type IsNear = (endpoint: EndpointSliceEndpoint) => boolean;

/** `endpoints`: those that all callers would have. By place; empty where places do not matter. */
export function nearPlacesOf(
  { internalTrafficPolicy }: Service["spec"],
  endpoints: readonly EndpointSliceEndpoint[],
): ReadonlyMap<Place, IsNear> {
  return new Map<Place, IsNear>(internalTrafficPolicy === "Local" ? ownNodes(endpoints) : hinted(endpoints));
}

const ownNodes = (endpoints: readonly EndpointSliceEndpoint[]): (readonly [Place, IsNear])[] => [
  ["workloads", () => false],
  ...distinct(endpoints.map(({ nodeName }) => (nodeName === undefined ? [] : [nodeName]))).map(
    (node): readonly [Place, IsNear] => [`workloads/${node}`, ({ nodeName }) => nodeName === node],
  ),
];

const hinted = (endpoints: readonly EndpointSliceEndpoint[]): (readonly [Place, IsNear])[] => [
  ...hintedBy(endpoints, "node", ({ hints }) => hints?.forNodes),
  ...hintedBy(endpoints, "zone", ({ hints }) => hints?.forZones),
];

function hintedBy(
  endpoints: readonly EndpointSliceEndpoint[],
  kind: "node" | "zone",
  hintsOf: (endpoint: EndpointSliceEndpoint) => readonly { readonly name: string }[] | undefined,
): (readonly [Place, IsNear])[] {
  const namesOf = (endpoint: EndpointSliceEndpoint): string[] => (hintsOf(endpoint) ?? []).map(({ name }) => name);
  const hints = endpoints.map(namesOf);
  if (hints.some((names) => names.length === 0)) return [];
  return distinct(hints).map((name) => [`${kind}/${name}`, (endpoint) => namesOf(endpoint).includes(name)]);
}

const distinct = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort();
