/** How connections of workloads go out: as the mesh says, and in namespaces that say otherwise, as they do. */
import type { Collection, Graph } from "../../collections/index.ts";
import { ALL_SIDECARS, type Outbound, sidecarsOf } from "../../model/index.ts";
import type { TranslateSettings } from "../settings.ts";
import type { CallingNamespace } from "./calling-namespaces.ts";

export function deriveOutbounds(
  graph: Graph,
  callers: Collection<CallingNamespace>,
  { unknownDestinations, networks = [] }: NonNullable<TranslateSettings["mesh"]>,
): Collection<Outbound> {
  const ofMesh = graph.source<Outbound>({ name: "translate/OutboundOfMesh", key: ({ key }) => key });
  ofMesh.set({ key: ALL_SIDECARS, unknown: unknownDestinations, networks });
  const ofNamespaces = graph.derive<CallingNamespace, Outbound>({
    name: "translate/OutboundsOfNamespaces",
    key: ({ key }) => key,
    from: callers,
    map: ({ key, unknown }) => (unknown === undefined ? [] : [{ key: sidecarsOf(key), unknown, networks }]),
  });
  return graph.union({ name: "translate/Outbounds", of: [ofMesh, ofNamespaces] });
}
