/**
 * Request targets, as a proxy sees them that resolves dot segments before it routes (RFC 3986, section 5.2.4) and leaves
 * everything else as it is: slashes are not merged, escaped slashes stay escaped, letters keep their case.
 */

export interface Target {
  readonly path: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
}

export function targetOf(text: string): Target {
  const [withoutFragment = ""] = text.split("#");
  const mark = withoutFragment.indexOf("?");
  const path = mark === -1 ? withoutFragment : withoutFragment.slice(0, mark);
  return { path: withoutDots(path), query: mark === -1 ? "" : withoutFragment.slice(mark) };
}

function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, raw] of segments.entries()) {
    // An escaped dot is a dot: unreserved characters mean the same escaped (section 6.2.2.2).
    const segment = raw.replaceAll(/%2e/gi, ".");
    const isLast = index === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment === "." || segment === "..") {
      if (isLast) kept.push("");
    } else kept.push(raw);
  }
  return `/${kept.join("/")}`;
}

/** Whether `prefix` is a prefix of whole elements of `path`. */
export function hasPrefix(path: string, prefix: string): boolean {
  const bare = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  return path === bare || path.startsWith(`${bare}/`);
}

/**
 * `path` with `prefix` exchanged for `replacement`. Where nothing comes in its place, one slash stands at the beginning, so that
 * what is left can neither be empty nor be taken for a host.
 */
export function replacePrefix(path: string, prefix: string, replacement: string): string {
  const bare = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const bareReplacement = replacement.endsWith("/") ? replacement.slice(0, -1) : replacement;
  const rest = path.slice(bare.length);
  return bareReplacement === "" && bare !== "" ? rest.replace(/^\/*/, "/") : bareReplacement + rest;
}

/** The first value of each parameter, as written: nothing is unescaped. */
export function queryOf({ query }: Target): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const part of query.slice(1).split("&")) {
    const equals = part.indexOf("=");
    const [name, value] = equals === -1 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    if (name !== "" && !values.has(name)) values.set(name, value);
  }
  return values;
}
