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

/** The places at which callers have other endpoints than everywhere else. */
export interface NearPlaces {
  /** Also those whose callers are to have none. */
  readonly places: readonly Place[];
  /** Those whose callers are to have the endpoint. */
  readonly placesOf: (endpoint: EndpointSliceEndpoint) => readonly Place[];
}

/** `endpoints`: those that all callers would have. */
export function nearPlacesOf(
  { internalTrafficPolicy }: Service["spec"],
  endpoints: readonly EndpointSliceEndpoint[],
): NearPlaces {
  return internalTrafficPolicy === "Local" ? ownNodes(endpoints) : hinted(endpoints);
}

function ownNodes(endpoints: readonly EndpointSliceEndpoint[]): NearPlaces {
  const placesOf = ({ nodeName }: EndpointSliceEndpoint): Place[] =>
    nodeName === undefined ? [] : [`workloads/${nodeName}`];
  return { places: ["workloads", ...distinct(endpoints.map(placesOf))], placesOf };
}

function hinted(endpoints: readonly EndpointSliceEndpoint[]): NearPlaces {
  const kinds = [forNodes, forZones].filter((hintsOf) => endpoints.every((endpoint) => hintsOf(endpoint).length > 0));
  return {
    places: kinds.flatMap((hintsOf) => distinct(endpoints.map(hintsOf))),
    placesOf: (endpoint) => kinds.flatMap((hintsOf) => hintsOf(endpoint)),
  };
}

const forNodes = ({ hints }: EndpointSliceEndpoint): Place[] =>
  (hints?.forNodes ?? []).map(({ name }): Place => `node/${name}`);
const forZones = ({ hints }: EndpointSliceEndpoint): Place[] =>
  (hints?.forZones ?? []).map(({ name }): Place => `zone/${name}`);

const distinct = (lists: readonly (readonly Place[])[]): Place[] => [...new Set(lists.flat())].sort();
