/**
 * What a rule does with a request that one of its matches fits: redirects, rewrites, header changes, shares by weight.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
import type {
  GRPCRouteRule,
  HTTPBackendRef,
  HTTPHeaderFilter,
  HTTPPathModifier,
  HTTPRequestRedirectFilter,
  HTTPRouteFilter,
  HTTPRouteRule,
} from "../../resources/index.ts";
import { isLeftOut } from "./left-out.ts";
import { replacePrefix, type Target } from "./paths.ts";
import type { Choice, EvaluatedRequest, Forwarded, Outcome, RuleReference } from "./request.ts";

/** What the rest of the configuration says of a reference: a name to show, or undefined where it does not resolve. */
export type NameBackend = (reference: HTTPBackendRef) => string | undefined;

export interface FittingRule {
  readonly rule: HTTPRouteRule | GRPCRouteRule;
  readonly reference: RuleReference;
  /** The prefix that fitted, where it was one. */
  readonly prefix?: string;
}

export function outcomeOfRule(
  { rule, reference, prefix }: FittingRule,
  request: EvaluatedRequest,
  target: Target,
  nameBackend: NameBackend,
): Outcome {
  const filters: readonly HTTPRouteFilter[] = rule.filters ?? [];
  const failure = reference.kind === "GRPCRoute" ? 503 : 500;
  if (isLeftOut(rule)) {
    return { kind: "status", status: failure, because: "the rule cannot be carried out", rule: reference };
  }
  if (filters.some(({ type }) => type === "ExtensionRef")) {
    return { kind: "status", status: failure, because: "a filter of the rule is not known", rule: reference };
  }
  const redirect = filters.find((filter) => filter.type === "RequestRedirect");
  if (redirect) return { ...redirectOf(redirect.requestRedirect, request, target, prefix), rule: reference };
  const choices = (rule.backendRefs ?? []).flatMap((backend): Choice[] => {
    if (backend.weight === 0) return [];
    return [
      { weight: backend.weight, outcome: choiceOf(backend, filters, request, target, prefix, failure, nameBackend) },
    ];
  });
  if (choices.length === 0)
    return { kind: "status", status: failure, because: "the rule has nobody to send to", rule: reference };
  return { kind: "split", choices, rule: reference };
}

function choiceOf(
  backend: HTTPBackendRef,
  ofRule: readonly HTTPRouteFilter[],
  request: EvaluatedRequest,
  target: Target,
  prefix: string | undefined,
  failure: number,
  nameBackend: NameBackend,
): Choice["outcome"] {
  const own = backend.filters ?? [];
  if (own.some(({ type }) => type === "ExtensionRef")) return { kind: "status", status: failure };
  const redirect = own.find((filter) => filter.type === "RequestRedirect");
  if (redirect) return redirectOf(redirect.requestRedirect, request, target, prefix);
  const name = nameBackend(backend);
  if (name === undefined) return { kind: "status", status: failure };
  return forwardedTo(name, [...ofRule, ...own], request, target, prefix);
}

function forwardedTo(
  backend: string,
  filters: readonly HTTPRouteFilter[],
  request: EvaluatedRequest,
  target: Target,
  prefix: string | undefined,
): Forwarded {
  let host = withoutTrailingDot(request.host);
  let { path } = target;
  const headers = new Map<string, string | undefined>();
  for (const filter of filters) {
    if (filter.type === "URLRewrite") {
      host = filter.urlRewrite.hostname ?? host;
      if (filter.urlRewrite.path) path = modified(filter.urlRewrite.path, path, prefix);
    }
    if (filter.type === "RequestHeaderModifier") changeHeaders(filter.requestHeaderModifier, request, headers);
  }
  return { kind: "forward", backend, host, target: path + target.query, headers: Object.fromEntries(headers) };
}

/** In the order in which a proxy applies them: what is set, what is added, what is removed. */
function changeHeaders(
  filter: HTTPHeaderFilter,
  request: EvaluatedRequest,
  headers: Map<string, string | undefined>,
): void {
  const present = (name: string): string | undefined => (headers.has(name) ? headers.get(name) : request.headers[name]);
  for (const { name, value } of filter.set ?? []) headers.set(name.toLowerCase(), value);
  for (const { name, value } of filter.add ?? []) {
    const old = present(name.toLowerCase());
    headers.set(name.toLowerCase(), old === undefined ? value : `${old},${value}`);
  }
  for (const name of filter.remove ?? []) headers.set(name.toLowerCase(), undefined);
}

function modified(modifier: HTTPPathModifier, path: string, prefix: string | undefined): string {
  if (modifier.type === "ReplaceFullPath") return modifier.replaceFullPath;
  return replacePrefix(path, prefix ?? "/", modifier.replacePrefixMatch);
}

/**
 * The port: what the filter says; else, where it says a scheme, that scheme's own; else the port that the listener has. A
 * scheme's own port is left out.
 */
function redirectOf(
  filter: HTTPRequestRedirectFilter,
  request: EvaluatedRequest,
  target: Target,
  prefix: string | undefined,
) {
  const scheme = filter.scheme ?? (request.tls ? "https" : "http");
  const own = scheme === "https" ? 443 : 80;
  const port = filter.port ?? (filter.scheme === undefined ? request.port : own);
  const host = filter.hostname ?? withoutTrailingDot(request.host).replace(/:\d+$/, "");
  const path = filter.path ? modified(filter.path, target.path, prefix) : target.path;
  const location = `${scheme}://${host}${port === own ? "" : `:${port}`}${path}${target.query}`;
  return { kind: "redirect", status: filter.statusCode, location } as const;
}

/** A proxy takes the dot after a fully qualified name away, before routes and backends see the host. */
const withoutTrailingDot = (host: string): string => host.replace(/\.(?=(:\d+)?$)/, "");
