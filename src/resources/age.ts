/**
 * Who came first: the Gateway API's tie-breaker everywhere. https://gateway-api.sigs.k8s.io/guides/api-design/#conflicts
 */
import { namespacedName } from "./object-key.ts";
import type { KubernetesObject } from "./types/meta.ts";

/**
 * Sorts the older object first, by creationTimestamp; equally old ones by "namespace/name". An object without a
 * creationTimestamp counts as the newest.
 */
export function compareByAge(a: KubernetesObject, b: KubernetesObject): number {
  return (
    compareTimestamps(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compareText(namespacedName(a), namespacedName(b))
  );
}

/** Sorts the earlier time first, and an absent one last. */
export function compareTimestamps(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return Math.sign(Date.parse(a) - Date.parse(b)) || 0;
}

/** By code unit, the same everywhere, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
