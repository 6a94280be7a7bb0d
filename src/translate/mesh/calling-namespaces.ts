/**
 * What labels of a namespace say about the calls of its workloads in the mesh: what becomes of those to addresses that are nobody's, and
 * what its proxies are told before they ask. Namespaces without such labels are as the mesh is, and not in here. A value that means
 * nothing is as if it were not there, but for one about unknown destinations, which then are refused.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { UnknownDestinations } from "../../model/index.ts";
import type { Namespace, Service } from "../../resources/index.ts";

const UNKNOWN_LABEL = "trilith.dev/unknown-destinations";
const AHEAD_LABEL = "trilith.dev/destinations-ahead";

export interface CallingNamespace {
  /** Its name. */
  readonly key: string;
  /** Absent: as the mesh says. */
  readonly unknown?: UnknownDestinations;
  /** The Services that its proxies know ahead: those of the same namespace, or all. */
  readonly ahead?: "namespace" | "cluster";
}

export const deriveCallingNamespaces = (
  graph: Graph,
  namespaces: Collection<Namespace>,
): Collection<CallingNamespace> =>
  graph.derive<Namespace, CallingNamespace>({
    name: "translate/CallingNamespaces",
    key: ({ key }) => key,
    from: namespaces,
    map: ({ metadata: { name, labels = {} } }) => {
      const [unknown, ahead] = [labels[UNKNOWN_LABEL], labels[AHEAD_LABEL]];
      const isAhead = ahead === "namespace" || ahead === "cluster";
      if (unknown === undefined && !isAhead) return [];
      return [
        {
          key: name,
          ...(unknown !== undefined && { unknown: unknown === "pass" ? ("pass" as const) : ("refuse" as const) }),
          ...(isAhead && { ahead }),
        },
      ];
    },
  });

export const isKnownAhead = ({ metadata }: Pick<Service, "metadata">, { key, ahead }: CallingNamespace): boolean =>
  ahead === "cluster" || (ahead === "namespace" && metadata.namespace === key);
