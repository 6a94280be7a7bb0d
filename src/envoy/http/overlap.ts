/** Whether some request could match two matches at once. Yes where it is not easily seen that none could. */
import { type HttpMatch, literalPrefixOf, type PathMatch, type ValueMatch } from "../../model/index.ts";
import { exactPathKey, pathKey } from "./conditions.ts";

export function overlaps(a: HttpMatch, b: HttpMatch): boolean {
  return (
    (a.method === undefined || b.method === undefined || a.method === b.method) &&
    pathsOverlap(a.path, b.path) &&
    valuesOverlap(a.headers, b.headers) &&
    valuesOverlap(a.queryParams, b.queryParams)
  );
}

function valuesOverlap(a: readonly ValueMatch[], b: readonly ValueMatch[]): boolean {
  return a.every(({ name, type, value }) =>
    b.every((other) => other.name !== name || type !== "Exact" || other.type !== "Exact" || other.value === value),
  );
}

function pathsOverlap(a: PathMatch, b: PathMatch): boolean {
  const [keyOfA, keyOfB] = [startOf(a), startOf(b)];
  if (a.type === "Exact" && b.type === "Exact") return a.value === b.value;
  if (a.type === "Exact") return keyOfA.startsWith(keyOfB);
  if (b.type === "Exact") return keyOfB.startsWith(keyOfA);
  return keyOfA.startsWith(keyOfB) || keyOfB.startsWith(keyOfA);
}

/** What the route path header of every request that matches begins with; for an exact path, all of it. */
export function startOf(path: PathMatch): string {
  switch (path.type) {
    case "Exact":
      return exactPathKey(path.value);
    case "PathPrefix":
      return pathKey(path.value);
    case "RegularExpression":
      return literalPrefixOf(path.value) || "/";
  }
}
