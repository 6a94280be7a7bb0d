/**
 * Where the endpoints of a backend come from: EndpointSlices of a Service's port, or names that a driver resolves.
 * Addresses and names are sorted, so that the same endpoints are the same value.
 *
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */
import type { BackendOrigin, Endpoint, EndpointsAt, EndpointSetKey, Place } from "../../model/index.ts";
import type { EndpointSlice, EndpointSliceEndpoint, Service, ServicePort } from "../../resources/index.ts";
import { canonicalAddress, isIPv4, isIPv6 } from "../../resources/index.ts";
import { type NearPlaces, nearPlacesOf } from "./near-endpoints.ts";

export interface EndpointPlan {
  readonly endpoints: readonly Endpoint[];
  /** Names to resolve, each for a port; what they resolve to is added to the endpoints. */
  readonly names: readonly { readonly hostname: string; readonly port: number }[];
  /** What callers at a place have in the place of the endpoints. */
  readonly at?: EndpointsAt;
  /** The key of the `GatewayMember` whose Envoys these are, if there is one. */
  readonly gateway?: string;
}

/** A set of endpoints that something uses, before it is known where they come from. */
export interface EndpointOrigin {
  readonly key: EndpointSetKey;
  readonly origin: BackendOrigin;
  readonly transport: "TCP" | "UDP";
  /** Somebody wrote that it is sent something; a Service is called in the mesh without that. */
  readonly isRouted: boolean;
}

/** Where the endpoints of a set come from. */
export interface PlannedSet extends EndpointOrigin {
  readonly plan: EndpointPlan;
}

/**
 * The port's endpoints that are ready; where none is, those that still serve while they terminate. A Service of both families has each pod
 * twice: those of its first family are the ones that all of its callers may count on, and where it has none, the others.
 */
export function planOfService(
  service: Pick<Service, "spec">,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): EndpointPlan {
  const { type, externalName } = service.spec;
  if (type === "ExternalName") return externalName === undefined ? NOTHING : planOfName(externalName, port.port);
  const used = slicesInUse(service, port, slices);
  const ready = collect(used, port, isReady);
  const usable = ready.endpoints.length + ready.names.length > 0 ? ready : collect(used, port, isLastResort);
  const at = placesOf(service, port, used);
  return at === undefined ? usable : { ...usable, at };
}

type IsWanted = (endpoint: EndpointSliceEndpoint) => boolean;

const isReady: IsWanted = ({ conditions }) => conditions?.ready !== false;
const isLastResort: IsWanted = ({ conditions }) => conditions?.serving === true && conditions.terminating === true;

/** Of a Service of both families, whose pods are in slices of each: those of its first family, while an endpoint there is of use. */
function slicesInUse(
  { spec: { ipFamilies = [] } }: Pick<Service, "spec">,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): readonly EndpointSlice[] {
  const [first, second] = ipFamilies;
  if (second === undefined) return slices;
  const ofFirst = slices.filter(({ addressType }) => addressType === first);
  const has = (some: readonly EndpointSlice[], wanted: IsWanted): boolean =>
    collect(some, port, wanted).endpoints.length > 0;
  return has(ofFirst, isReady) || (!has(slices, isReady) && has(ofFirst, isLastResort)) ? ofFirst : slices;
}

/**
 * Hints are of endpoints that are ready, and count for no others; a node where none is ready has those that still serve, as the cluster has
 * where there is none at all.
 */
function placesOf(
  { spec }: Pick<Service, "spec">,
  port: ServicePort,
  slices: readonly EndpointSlice[],
): EndpointsAt | undefined {
  const isLocal = spec.internalTrafficPolicy === "Local";
  const ofPort = slices.filter((slice) => slice.addressType !== "FQDN" && targetOf(slice, port) !== undefined);
  const all = ofPort.flatMap(({ endpoints }) => endpoints);
  const counted = all.filter((endpoint) => isReady(endpoint) || (isLocal && isLastResort(endpoint)));
  const near = nearPlacesOf(spec, counted);
  if (near.places.length === 0) return undefined;
  const ready = byPlace(ofPort, port, near, isReady);
  const others = isLocal ? byPlace(ofPort, port, near, isLastResort) : undefined;
  return Object.fromEntries(
    near.places.map((place) => [place, sortedValues(ready.get(place) ?? others?.get(place) ?? new Map())]),
  );
}

type Endpoints = Map<string, Endpoint>;

function byPlace(
  slices: readonly EndpointSlice[],
  port: ServicePort,
  { placesOf }: NearPlaces,
  isWanted: IsWanted,
): ReadonlyMap<Place, Endpoints> {
  const found = new Map<Place, Endpoints>();
  for (const slice of slices) {
    const target = targetOf(slice, port);
    if (target === undefined) continue;
    for (const endpoint of slice.endpoints.filter(isWanted))
      for (const place of placesOf(endpoint)) {
        const here: Endpoints = found.get(place) ?? new Map();
        found.set(place, here);
        for (const address of endpoint.addresses) add(here, address, target);
      }
  }
  return found;
}

const add = (endpoints: Endpoints, address: string, port: number): void =>
  void endpoints.set(`${address}:${port}`, { address: canonicalAddress(address), port });

export const NOTHING: EndpointPlan = { endpoints: [], names: [] };

/** An address can stand in the place of a name. Names are without case, and nobody's own when they end in a dot. */
function planOfName(stated: string, port: number): EndpointPlan {
  if (isIPv4(stated) || isIPv6(stated)) return { endpoints: [{ address: stated, port }], names: [] };
  return { endpoints: [], names: [{ hostname: hostnameOf(stated), port }] };
}

const hostnameOf = (stated: string): string => stated.toLowerCase().replace(/\.$/, "");

function collect(slices: readonly EndpointSlice[], port: ServicePort, wanted: IsWanted): EndpointPlan {
  const endpoints: Endpoints = new Map();
  const names = new Map<string, { hostname: string; port: number }>();
  for (const slice of slices) {
    const target = targetOf(slice, port);
    if (target === undefined) continue;
    for (const address of slice.endpoints.filter(wanted).flatMap((endpoint) => endpoint.addresses)) {
      if (slice.addressType === "FQDN")
        names.set(`${hostnameOf(address)}:${target}`, { hostname: hostnameOf(address), port: target });
      else add(endpoints, address, target);
    }
  }
  return { endpoints: sortedValues(endpoints), names: sortedValues(names) };
}

/** Where the endpoints of a slice take what comes to the Service's port. */
const targetOf = ({ ports }: EndpointSlice, { name = "", protocol }: ServicePort): number | undefined =>
  ports?.find((own) => own.name === name && own.protocol === protocol)?.port;

function sortedValues<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
