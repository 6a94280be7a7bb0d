/**
 * The destinations that are to be made: those that proxies asked about, and the Services that proxies of some namespace are told of
 * before they ask.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { type AskedDestination, destinationKey } from "../../model/index.ts";
import type { Service } from "../../resources/index.ts";
import type { Inputs } from "../inputs.ts";
import { addressesOf, tcpPortsOf } from "./bind-to-service.ts";
import { type CallingNamespace, isKnownAhead } from "./calling-namespaces.ts";

interface Wish {
  readonly key: string;
  readonly wanted: AskedDestination;
}

export function deriveWantedDestinations(
  graph: Graph,
  { services, askedDestinations }: Pick<Inputs, "services" | "askedDestinations">,
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
  const wishes = graph.union<Wish>({ name: "translate/DestinationWishes", of: [asked, told] });
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

const placesOf = ({ spec }: Service): AskedDestination[] =>
  tcpPortsOf(spec).flatMap(({ port }) =>
    addressesOf(spec).map((address) => ({ key: destinationKey(address, port), address, port })),
  );
