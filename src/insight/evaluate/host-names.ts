/**
 * Host names, as the evaluator compares them. Written from the specification, apart from what translation does, so that each
 * can show the other's mistakes.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#hostname
 */

/** The name in a Host header: without port and trailing dot, in lower case. */
export function nameOfHost(host: string): string {
  const lower = host.toLowerCase();
  const bracket = lower.lastIndexOf("]");
  const colon = lower.lastIndexOf(":");
  const name = colon > bracket ? lower.slice(0, colon) : lower;
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** How well a stated hostname fits a name; undefined: not at all. Higher is better. Absent hostnames fit all, worst. */
export function fitOf(stated: string | undefined, name: string): number | undefined {
  if (stated === undefined) return 0;
  const wanted = stated.toLowerCase();
  if (!wanted.startsWith("*.")) return wanted === name ? Number.MAX_SAFE_INTEGER : undefined;
  // "*.a.b" stands for one label or more before ".a.b".
  const suffix = wanted.substring(1);
  return name.length > suffix.length && name.endsWith(suffix) ? wanted.length : undefined;
}

/**
 * The names that two stated hostnames have in common, as a hostname; undefined: none. Of two that fit together the narrower one.
 */
export function common(
  a: string | undefined,
  b: string | undefined,
): { readonly hostname: string | undefined } | undefined {
  if (a === undefined) return { hostname: b?.toLowerCase() };
  if (b === undefined) return { hostname: a.toLowerCase() };
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  if (left === right) return { hostname: left };
  const wildLeft = left.startsWith("*.");
  const wildRight = right.startsWith("*.");
  if (!wildLeft && !wildRight) return undefined;
  if (wildLeft && wildRight) {
    if (left.endsWith(right.substring(1))) return { hostname: left };
    return right.endsWith(left.substring(1)) ? { hostname: right } : undefined;
  }
  const [exact, wild] = wildLeft ? [right, left] : [left, right];
  return fitOf(wild, exact) === undefined ? undefined : { hostname: exact };
}
