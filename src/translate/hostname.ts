/**
 * Hostnames as the Gateway API understands them: a name, a name with a wildcard as its first label that stands for one or
 * more labels, or `*`, which stands for every name and is how an absent hostname is written here.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#hostname
 */

/** The hostname of a listener or route that states none. */
export const ANY_HOSTNAME = "*";

/** Whether every name that `inner` stands for is one that `outer` stands for, too. */
export function coversHostname(outer: string, inner: string): boolean {
  if (outer === ANY_HOSTNAME || outer === inner) return true;
  // "*.example.com" covers "a.example.com" and "*.a.example.com", but not "example.com".
  return outer.startsWith("*.") && inner.endsWith(outer.slice(1)) && inner !== ANY_HOSTNAME;
}

/** The names that both stand for, as one hostname; undefined where there are none. */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (coversHostname(a, b)) return b;
  return coversHostname(b, a) ? a : undefined;
}

/** Whether `a` is covered by `b` and is not the same. */
export const isNarrower = (a: string, b: string): boolean => a !== b && coversHostname(b, a);
