/**
 * Values of filters that the schema lets through and Envoy refuses. Envoy would refuse the whole virtual host for one of
 * them, with the rules of everybody else on it; so the rule is left out here, where its owner can be told why.
 *
 * Checked before anything of a rule is translated: a rule that is left out resolves no references.
 */
import type { HTTPHeaderFilter, HTTPPathModifier, HTTPRouteFilter } from "../../resources/index.ts";
import { RuleDropped } from "../rules/rule-scope.ts";

interface FilteredRule {
  readonly filters?: readonly HTTPRouteFilter[];
  readonly backendRefs?: readonly { readonly filters?: readonly HTTPRouteFilter[] }[];
}

/** `path` is the rule's field path. Throws RuleDropped at the first value, of the rule or of one of its backends, that cannot be served. */
export function checkFilterValues({ filters = [], backendRefs = [] }: FilteredRule, path: string): void {
  checkFilters(filters, `${path}.filters`);
  for (const [index, backend] of backendRefs.entries())
    checkFilters(backend.filters ?? [], `${path}.backendRefs[${index}].filters`);
}

function checkFilters(filters: readonly HTTPRouteFilter[], path: string): void {
  for (const [index, filter] of filters.entries()) {
    const at = `${path}[${index}]`;
    switch (filter.type) {
      case "RequestHeaderModifier":
        checkRemovals(filter.requestHeaderModifier, `${at}.requestHeaderModifier`);
        break;
      case "ResponseHeaderModifier":
        checkRemovals(filter.responseHeaderModifier, `${at}.responseHeaderModifier`);
        break;
      case "URLRewrite":
        checkPathModifier(filter.urlRewrite.path, `${at}.urlRewrite.path`);
        break;
      case "RequestRedirect":
        checkPathModifier(filter.requestRedirect.path, `${at}.requestRedirect.path`);
        break;
      case "RequestMirror":
      case "CORS":
      case "ExternalAuth":
      case "ExtensionRef":
        break;
    }
  }
}

/** Names that are set or added have a pattern in the schema; those to be removed have none. */
function checkRemovals({ remove = [] }: HTTPHeaderFilter, path: string): void {
  for (const [index, name] of remove.entries()) {
    const at = `${path}.remove[${index}]`;
    if (name === "") throw new RuleDropped(at, "an empty text is no header name; take it out");
    checkLine(name, at);
    if (name.startsWith(":"))
      throw new RuleDropped(at, `"${name}" is a pseudo header, which cannot be removed; take it out`);
  }
}

function checkPathModifier(modifier: HTTPPathModifier | undefined, path: string): void {
  if (modifier?.type === "ReplaceFullPath") checkLine(modifier.replaceFullPath, `${path}.replaceFullPath`);
  if (modifier?.type === "ReplacePrefixMatch") checkLine(modifier.replacePrefixMatch, `${path}.replacePrefixMatch`);
}

/** What ends a line or a text in HTTP would end it too early. */
function checkLine(text: string, path: string): void {
  if (!/[\0\r\n]/.test(text)) return;
  throw new RuleDropped(path, `${JSON.stringify(text)} has a line break or a NUL in it; take it out`);
}
