/**
 * Filters of a rule or of one of its backends, as the model has them. The same function serves both, and GRPCRoute, whose
 * filters are a subset; where a filter may stand is the schema's to say.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
 */
import {
  type Cors,
  type ExternalAuth,
  type HeaderModifier,
  isGuarded,
  type Mirror,
  type PathModifier,
  type Redirect,
  type Rewrite,
  type RuleFilters,
} from "../../model/index.ts";
import type {
  HTTPCORSFilter,
  HTTPExternalAuthFilter,
  HTTPHeaderFilter,
  HTTPPathModifier,
  HTTPRequestMirrorFilter,
  HTTPRequestRedirectFilter,
  HTTPRouteFilter,
  HTTPURLRewriteFilter,
  LocalObjectReference,
} from "../../resources/index.ts";
import { filterNotices, guardedMirrorNotice, noHeaderNotice } from "./filter-notices.ts";
import type { HttpBackends } from "./http-backends.ts";
import { withoutTrailingSlash } from "./http-match.ts";

export interface TranslatedFilters {
  readonly filters: RuleFilters;
  readonly redirect?: Redirect;
  /** A filter that cannot be carried out: requests must be answered with an error, never pass without it. */
  readonly blocked: boolean;
}

/** `path` is the field path of the list. Filters of one kind come at most once (the schema's rule) but for mirrors. */
export function filtersOf(list: readonly HTTPRouteFilter[], path: string, backends: HttpBackends): TranslatedFilters {
  const mirrors: Mirror[] = [];
  const filters: Mutable<Omit<RuleFilters, "mirrors">> = {};
  let redirect: Redirect | undefined;
  let blocked = false;
  for (const notice of filterNotices(list, path)) backends.notice(notice);
  for (const [index, filter] of list.entries()) {
    const at = `${path}[${index}]`;
    switch (filter.type) {
      case "RequestHeaderModifier":
        filters.requestHeaders = headerModifierOf(filter.requestHeaderModifier);
        break;
      case "ResponseHeaderModifier":
        filters.responseHeaders = headerModifierOf(filter.responseHeaderModifier);
        break;
      case "URLRewrite":
        filters.rewrite = rewriteOf(filter.urlRewrite);
        break;
      case "RequestRedirect":
        redirect = redirectOf(filter.requestRedirect);
        break;
      case "RequestMirror":
        mirrors.push(...mirrorsOf(filter.requestMirror, `${at}.requestMirror.backendRef`, backends));
        break;
      case "CORS":
        filters.cors = corsOf(filter.cors);
        break;
      case "ExternalAuth":
        filters.externalAuth = externalAuthOf(filter.externalAuth, `${at}.externalAuth`, backends);
        break;
      case "ExtensionRef":
        refuseExtension(filter.extensionRef, `${at}.extensionRef`, backends);
        blocked = true;
        break;
    }
  }
  return { filters: { ...filters, mirrors }, ...(redirect && { redirect }), blocked };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A filter that is not known must not be skipped: the caller answers its requests with an error. */
function refuseExtension({ group, kind, name }: LocalObjectReference, path: string, backends: HttpBackends): void {
  const message = `Trilith knows no filter of kind ${kind}.${group} (${name}), so requests are answered with an error`;
  backends.problem("InvalidExtensionRef", path, message);
}

/** A name's later entries in `set` and `add` are ignored, as the specification says of equal names. */
function headerModifierOf(filter: HTTPHeaderFilter): HeaderModifier {
  const lower = (headers: HTTPHeaderFilter["set"]): HeaderModifier["set"] => {
    const byName = new Map<string, { name: string; value: string }>();
    for (const { name, value } of headers ?? []) {
      const key = name.toLowerCase();
      if (!byName.has(key)) byName.set(key, { name: key, value });
    }
    return [...byName.values()];
  };
  return { set: lower(filter.set), add: lower(filter.add), remove: lowerCase(filter.remove) };
}

function pathModifierOf(modifier: HTTPPathModifier): PathModifier {
  if (modifier.type === "ReplaceFullPath") return { type: "ReplaceFullPath", value: modifier.replaceFullPath };
  return { type: "ReplacePrefixMatch", value: withoutTrailingSlash(modifier.replacePrefixMatch) };
}

function rewriteOf(filter: HTTPURLRewriteFilter): Rewrite {
  return {
    ...(filter.hostname !== undefined && { hostname: filter.hostname }),
    ...(filter.path && { path: pathModifierOf(filter.path) }),
  };
}

function redirectOf(filter: HTTPRequestRedirectFilter): Redirect {
  return {
    ...(filter.scheme !== undefined && { scheme: filter.scheme }),
    ...(filter.hostname !== undefined && { hostname: filter.hostname }),
    ...(filter.path && { path: pathModifierOf(filter.path) }),
    ...(filter.port !== undefined && { port: filter.port }),
    status: filter.statusCode,
  };
}

/**
 * A mirror that does not resolve is left out and told in the status: the request itself is served. So is one that policies may refuse, since
 * nothing is decided about copies.
 */
function mirrorsOf(filter: HTTPRequestMirrorFilter, path: string, backends: HttpBackends): Mirror[] {
  const target = backends.resolve(filter.backendRef, path);
  if (target.kind !== "backend") return [];
  if (target.access && isGuarded(target.access.enforced)) {
    backends.notice(guardedMirrorNotice(target.origin, path));
    return [];
  }
  const { percent, fraction } = filter;
  const [numerator, denominator] = fraction ? [fraction.numerator, fraction.denominator] : [percent ?? 100, 100];
  return [{ backend: target.backend, origin: target.origin, numerator, denominator }];
}

function corsOf(filter: HTTPCORSFilter): Cors {
  return {
    allowOrigins: (filter.allowOrigins ?? []).map(originOf),
    allowCredentials: filter.allowCredentials ?? false,
    allowMethods: filter.allowMethods ?? [],
    allowHeaders: filter.allowHeaders ?? [],
    exposeHeaders: filter.exposeHeaders ?? [],
    maxAgeSeconds: filter.maxAge,
  };
}

/** As browsers write origins: in lower case, and without the scheme's own port. */
function originOf(origin: string): string {
  const lower = origin.toLowerCase();
  const ownPort = lower.startsWith("https:") ? ":443" : ":80";
  return lower.endsWith(ownPort) ? lower.slice(0, -ownPort.length) : lower;
}

/** `path` is the filter's. Fails closed: without a service to ask, every request is refused. */
export function externalAuthOf(filter: HTTPExternalAuthFilter, path: string, backends: HttpBackends): ExternalAuth {
  const target = backends.resolve(filter.backendRef, `${path}.backendRef`, filter.protocol === "GRPC");
  const common = {
    protocol: filter.protocol,
    ...(target.kind === "backend" && { backend: target.backend }),
    maxBodyBytes: filter.forwardBody?.maxSize ?? 0,
  };
  if (filter.protocol === "GRPC") {
    return {
      ...common,
      pathPrefix: "",
      allowedRequestHeaders: lowerCase(filter.grpc.allowedHeaders),
      allowedResponseHeaders: [],
    };
  }
  return {
    ...common,
    pathPrefix: filter.http.path ?? "",
    allowedRequestHeaders: headersToSend(filter.http.allowedHeaders, `${path}.http.allowedHeaders`, backends),
    allowedResponseHeaders: lowerCase(filter.http.allowedResponseHeaders),
  };
}

/** The schema lets any text through. No header has any other name than this, so leaving one out sends no header less. */
function headersToSend(names: readonly string[] = [], path: string, backends: HttpBackends): string[] {
  const isName = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(name);
  for (const [index, name] of names.entries()) {
    if (!isName(name)) backends.notice(noHeaderNotice(name, `${path}[${index}]`));
  }
  return lowerCase(names.filter(isName));
}

const lowerCase = (names: readonly string[] | undefined): string[] => (names ?? []).map((name) => name.toLowerCase());
