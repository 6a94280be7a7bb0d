/** Who is behind a set of endpoints, as clusters have to know: the identities in the mesh, and no more of the endpoints, which change more often. */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import type { EndpointIdentities, EndpointSet, EndpointSetKey } from "../../model/index.ts";

export interface Identities {
  readonly all: Collection<EndpointIdentities>;
  /** As one derivation reads them, sorted. */
  in(read: Reader): (key: EndpointSetKey) => readonly string[];
}

export function deriveIdentities(graph: Graph, endpointSets: Collection<EndpointSet>): Identities {
  const all = graph.derive<EndpointSet, EndpointIdentities>({
    name: "envoy/EndpointIdentities",
    key: ({ key }) => key,
    from: endpointSets,
    map: ({ key, endpoints, at = {} }) => {
      // Those that callers at some place alone have are of the same cluster.
      const all = [...endpoints, ...Object.values(at).flat()];
      const stated = new Set(all.flatMap(({ identity }) => identity ?? []));
      return stated.size === 0 ? [] : [{ key, identities: [...stated].sort() }];
    },
  });
  return { all, in: (read) => (key) => read.get(all, key)?.identities ?? [] };
}
