/**
 * The Envoy resources of a cluster, as all replicas of the controller tell of them together: each replica makes all of them, and knows
 * what became of them in the Envoys that are connected to it.
 */
import type { ShownResource } from "../app/index.ts";
import type { ClusterClient } from "../kubernetes/index.ts";
import { askReplicas } from "./controller-replicas.ts";

export interface ResourceQuery {
  /** Absent: of every kind. */
  readonly kind: string | undefined;
  /** Where Trilith is installed. */
  readonly installation: string;
  /** Absent: of all. Else only what was made of an object there. */
  readonly namespace: string | undefined;
}

export async function clusterResources(
  client: ClusterClient,
  { kind, installation, namespace }: ResourceQuery,
): Promise<readonly ShownResource[]> {
  const path = kind === undefined ? "/envoy" : `/envoy?kind=${kind}`;
  const answers = await askReplicas<readonly ShownResource[]>(client, installation, path);
  const merged = mergeReplicas(answers.map(({ answer }) => answer));
  return namespace === undefined
    ? merged
    : merged.filter(({ origins }) => origins.some((origin) => namespaceOf(origin) === namespace));
}

/** By kind and name. Of one that several replicas have Envoys for, the worst that became of it counts. */
export function mergeReplicas(lists: readonly (readonly ShownResource[])[]): readonly ShownResource[] {
  const byName = Map.groupBy(lists.flat(), ({ kind, name }) => `${kind}/${name}`);
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, told]) => {
      const asked = told.filter(({ proxies }) => proxies > 0);
      const [worst] = (asked.length > 0 ? asked : told).toSorted((a, b) => badnessOf(b) - badnessOf(a));
      return worst ? [{ ...worst, proxies: asked.reduce((sum, { proxies }) => sum + proxies, 0) }] : [];
    });
}

function badnessOf({ delivery }: ShownResource): number {
  if (delivery === "acknowledged") return 0;
  return delivery === "pending" ? 1 : 2;
}

/** Of `HTTPRoute/shop/cart#0`, `Service/shop/cart:80` or `Gateway/shop/web/http`. */
const namespaceOf = (origin: string): string | undefined => origin.split("/")[1];
