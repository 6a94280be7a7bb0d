/**
 * ReplaceFullPath and ReplacePrefixMatch in Envoy's means, which rewrites and redirects share: `prefix_rewrite` puts text in
 * the place of what the route matched, `regex_rewrite` works on the path without the query. The query stays.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier
 */
import { type PathMatch, type PathModifier, quoteRegularExpression } from "../../model/index.ts";

export type PathChange =
  | { readonly kind: "none" }
  | { readonly kind: "prefix"; readonly replacement: string }
  | { readonly kind: "regex"; readonly expression: string; readonly substitution: string };

export function pathChangeOf(modifier: PathModifier | undefined, match: PathMatch): PathChange {
  if (modifier === undefined) return { kind: "none" };
  if (modifier.type === "ReplaceFullPath") return wholePath(modifier.value === "" ? "/" : modifier.value, match);
  const replacement = modifier.value.replace(/\/+$/, "");
  if (match.type === "Exact") return wholePath(replacement === "" ? "/" : replacement, match);
  // A prefix of a regular expression is not defined, and refused where routes are validated.
  if (match.type === "RegularExpression") return { kind: "none" };
  if (match.value === "/")
    return replacement === "" ? { kind: "none" } : { kind: "prefix", replacement: `${replacement}/` };
  if (replacement !== "") return { kind: "prefix", replacement };
  // Nothing in the place of `/a` would leave `/a` without a path, and a slash would make `/a/b` `//b`.
  return { kind: "regex", expression: `^${quoteRegularExpression(match.value)}/*`, substitution: "/" };
}

function wholePath(path: string, match: PathMatch): PathChange {
  if (match.type === "Exact") return { kind: "prefix", replacement: path };
  return { kind: "regex", expression: "^.*$", substitution: path.replaceAll("\\", "\\\\") };
}
