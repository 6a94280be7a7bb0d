/**
 * What is told about filters that Envoy cannot carry out as they are stated: nothing of it is left out in silence.
 */
import type { BackendOrigin } from "../../model/index.ts";
import type { HTTPExternalAuthFilter, HTTPHeaderFilter, HTTPRouteFilter } from "../../resources/index.ts";
import type { RuleNotice } from "../rules/route-rules.ts";

/** `path` is the field path of the list. */
export function filterNotices(filters: readonly HTTPRouteFilter[], path: string): RuleNotice[] {
  const redirects = filters.some(({ type }) => type === "RequestRedirect");
  return filters.flatMap((filter, index) => {
    const at = `${path}[${index}]`;
    switch (filter.type) {
      case "RequestHeaderModifier":
        return hostNotices(filter.requestHeaderModifier, `${at}.requestHeaderModifier`);
      case "ExternalAuth":
        return authNotices(filter.externalAuth, `${at}.externalAuth`);
      case "CORS":
        return redirects ? [withoutEffect("cors-on-redirect", at, "a redirect gets no CORS headers")] : [];
      case "RequestMirror":
        return redirects ? [withoutEffect("mirror-on-redirect", at, "what is redirected is not mirrored")] : [];
      case "ResponseHeaderModifier":
      case "URLRewrite":
      case "RequestRedirect":
      case "ExtensionRef":
        return [];
    }
  });
}

const withoutEffect = (code: string, path: string, message: string): RuleNotice => ({
  code,
  path,
  message: `the filter has no effect: ${message}`,
  advice: "Take it out, or put it into a rule that forwards requests",
});

/** A request always has one Host. It can be set, and is then what the backend sees. */
function hostNotices({ add, remove }: HTTPHeaderFilter, path: string): RuleNotice[] {
  const isHost = (name: string): boolean => name.toLowerCase() === "host";
  const notice = (field: string): RuleNotice => ({
    code: "host-header-kept",
    path: `${path}.${field}`,
    message: "the Host header can be neither taken away nor added to",
    advice: "Set it, here or by a URLRewrite filter with a hostname",
  });
  return [
    ...((add ?? []).some(({ name }) => isHost(name)) ? [notice("add")] : []),
    ...((remove ?? []).some(isHost) ? [notice("remove")] : []),
  ];
}

/** Envoy has one list of headers for all gRPC authorization services, so that it cannot be a route's. */
function authNotices(filter: HTTPExternalAuthFilter, path: string): RuleNotice[] {
  if (filter.protocol !== "GRPC" || !filter.grpc.allowedHeaders?.length) return [];
  return [
    {
      code: "auth-headers-not-limited",
      path: `${path}.grpc.allowedHeaders`,
      message: "a gRPC authorization service is sent every header of the request, whatever is allowed here",
      advice: "Use protocol HTTP, whose allowedHeaders count, or a service that may see every header",
    },
  ];
}

/** `path` is that of a name in a list of headers that are sent on. */
export const noHeaderNotice = (name: string, path: string): RuleNotice => ({
  code: "no-header-name",
  path,
  message: `${JSON.stringify(name)} is no header's name, so that there is nothing to send`,
  advice: "Take it out; method, path and host are always sent",
});

export const guardedMirrorNotice = ({ kind, namespace, name }: BackendOrigin, path: string): RuleNotice => ({
  code: "mirror-to-guarded-backend",
  path,
  message: `nothing is copied to ${kind} ${namespace}/${name}: AccessPolicies say who may send to it, and nothing is decided about copies`,
  advice: "Mirror to another backend, or through a Gateway with a policy of its own",
});
