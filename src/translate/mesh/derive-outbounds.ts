/** How connections of workloads go out: as the mesh says, and in namespaces that say otherwise, as they do. */
import type { Collection, Graph } from "../../collections/index.ts";
import { ALL_SIDECARS, type Outbound, sidecarsOf, type UnknownDestinations } from "../../model/index.ts";
import type { CallingNamespace } from "./calling-namespaces.ts";

export function deriveOutbounds(
  graph: Graph,
  callers: Collection<CallingNamespace>,
  unknownOfMesh: UnknownDestinations,
): Collection<Outbound> {
  const ofMesh = graph.source<Outbound>({ name: "translate/OutboundOfMesh", key: ({ key }) => key });
  ofMesh.set({ key: ALL_SIDECARS, unknown: unknownOfMesh });
  const ofNamespaces = graph.derive<CallingNamespace, Outbound>({
    name: "translate/OutboundsOfNamespaces",
    key: ({ key }) => key,
    from: callers,
    map: ({ key, unknown }) => (unknown === undefined ? [] : [{ key: sidecarsOf(key), unknown }]),
  });
  return graph.union({ name: "translate/Outbounds", of: [ofMesh, ofNamespaces] });
}
