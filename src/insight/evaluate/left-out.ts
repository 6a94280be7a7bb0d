/**
 * Rules that no proxy can carry out, though the API lets them through. Their requests are answered with an error
 * (docs/decisions/rules-left-out.md).
 */
import { RE2JS } from "re2js";
import type {
  GRPCRouteMatch,
  GRPCRouteRule,
  HTTPPathModifier,
  HTTPRouteFilter,
  HTTPRouteMatch,
  HTTPRouteRule,
} from "../../resources/index.ts";

type Rule = HTTPRouteRule | GRPCRouteRule;

export const isLeftOut = (rule: Rule): boolean =>
  filtersOf(rule).some(cannotBeCarriedOut) || (rule.matches ?? []).some((match) => !isReadable(match));

/** Whether the rule says, or may say, who may pass. */
export const isGuarded = (rule: Rule): boolean =>
  filtersOf(rule).some(({ type }) => type === "ExternalAuth" || type === "ExtensionRef");

function filtersOf({ filters = [], backendRefs = [] }: Rule): readonly HTTPRouteFilter[] {
  return [...filters, ...backendRefs.flatMap((backend) => backend.filters ?? [])];
}

function cannotBeCarriedOut(filter: HTTPRouteFilter): boolean {
  switch (filter.type) {
    case "RequestHeaderModifier":
      return (filter.requestHeaderModifier.remove ?? []).some(isNoHeader);
    case "ResponseHeaderModifier":
      return (filter.responseHeaderModifier.remove ?? []).some(isNoHeader);
    case "URLRewrite":
      return breaksLines(filter.urlRewrite.path);
    case "RequestRedirect":
      return breaksLines(filter.requestRedirect.path);
    case "RequestMirror":
    case "CORS":
    case "ExternalAuth":
    case "ExtensionRef":
      return false;
  }
}

const BREAK = /[\r\n\0]/;

const isNoHeader = (name: string): boolean => name === "" || name.startsWith(":") || BREAK.test(name);

function breaksLines(modifier: HTTPPathModifier | undefined): boolean {
  if (modifier === undefined) return false;
  return BREAK.test(modifier.type === "ReplaceFullPath" ? modifier.replaceFullPath : modifier.replacePrefixMatch);
}

export function isReadable(match: HTTPRouteMatch | GRPCRouteMatch): boolean {
  const expressions = [
    ...("path" in match && match.path.type === "RegularExpression" ? [match.path.value] : []),
    ...("method" in match && typeof match.method === "object" && match.method.type === "RegularExpression"
      ? [match.method.service ?? "x", match.method.method ?? "x"]
      : []),
    ...[...(match.headers ?? []), ...("queryParams" in match ? (match.queryParams ?? []) : [])]
      .filter(({ type }) => type === "RegularExpression")
      .map(({ value }) => value),
  ];
  return expressions.every(isExpression);
}

export function isExpression(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}
