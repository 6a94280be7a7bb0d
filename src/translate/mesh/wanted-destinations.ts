/**
 * The destinations that are to be made: those that proxies asked about, the Services that proxies of some namespace are told of
 * before they ask, and what Workloads say that they call.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { type AskedDestination, destinationKey, type NamespacedName } from "../../model/index.ts";
import { objectKey, type Service, type Workload, type WorkloadCall } from "../../resources/index.ts";
import type { Inputs } from "../inputs.ts";
import { addressesOf, tcpPortsOf } from "./bind-to-service.ts";
import { type CallingNamespace, isKnownAhead } from "./calling-namespaces.ts";

interface Wish {
  readonly key: string;
  readonly wanted: AskedDestination;
}

export function deriveWantedDestinations(
  graph: Graph,
  { services, workloads, askedDestinations }: Pick<Inputs, "services" | "workloads" | "askedDestinations">,
  callers: Collection<CallingNamespace>,
): Collection<AskedDestination> {
  const ahead = graph.index(callers, "told ahead", ({ ahead }) => (ahead === undefined ? [] : ["ahead"]));
  const asked = graph.derive<AskedDestination, Wish>({
    name: "translate/AskedDestinations",
    key: ({ key }) => key,
    from: askedDestinations,
    map: (wanted) => [{ key: `asked|${wanted.key}`, wanted }],
  });
  const told = graph.derive<Service, Wish>({
    name: "translate/DestinationsAhead",
    key: ({ key }) => key,
    from: services,
    reads: [callers],
    map: (service, read) => {
      if (!read.by(ahead, "ahead").some((namespace) => isKnownAhead(service, namespace))) return [];
      const { namespace, name } = service.metadata;
      return placesOf(service).map((wanted) => ({ key: `${namespace}/${name}|${wanted.key}`, wanted }));
    },
  });
  const called = graph.derive<Workload, Wish>({
    name: "translate/DestinationsOfWorkloads",
    key: ({ key }) => key,
    from: workloads,
    reads: [services],
    map: ({ metadata: { namespace, name }, spec: { calls = [] } }, read) => {
      const wanted = calls.flatMap((call) => {
        const service = read.get(services, objectKey(calledService(namespace, call)));
        return service ? placesOf(service).filter(({ port }) => port === call.port) : [];
      });
      const byKey = new Map(wanted.map((place) => [place.key, place]));
      return [...byKey.values()].map((place) => ({ key: `Workload/${namespace}/${name}|${place.key}`, wanted: place }));
    },
  });
  const wishes = graph.union<Wish>({ name: "translate/DestinationWishes", of: [asked, told, called] });
  return graph.derive({
    name: "translate/WantedDestinations",
    key: (wanted: AskedDestination) => wanted.key,
    from: graph.groups<Wish>({
      name: "translate/DestinationWishes/by place",
      of: wishes,
      by: ({ wanted }) => [wanted.key],
    }),
    map: ({ members }: Group<Wish>) => members.slice(0, 1).map(({ wanted }) => wanted),
  });
}

/** The Service that a Workload of the namespace calls. */
export const calledService = (
  namespace: string,
  { service }: WorkloadCall,
): NamespacedName & { readonly group: ""; readonly kind: "Service" } => ({
  group: "",
  kind: "Service",
  namespace: service.namespace ?? namespace,
  name: service.name,
});

const placesOf = ({ spec }: Service): AskedDestination[] =>
  tcpPortsOf(spec).flatMap(({ port }) =>
    addressesOf(spec).map((address) => ({ key: destinationKey(address, port), address, port })),
  );
