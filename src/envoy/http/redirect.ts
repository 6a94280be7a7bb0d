/**
 * Redirects. The Gateway API names the port of the answer: the given one, else that of the given scheme, else the
 * listener's; and leaves it out where the scheme implies it. Envoy keeps the port of the request's own authority unless told
 * another, so that authority must not come through where the port is to be left out.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter
 */
import { create } from "@bufbuild/protobuf";
import {
  RedirectAction_RedirectResponseCode as ResponseCode,
  RedirectActionSchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { RedirectAction } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { RegexMatchAndSubstituteSchema } from "../../generated/envoy/type/matcher/v3/regex_pb.ts";
import type { HttpMatch, Redirect, VirtualHost } from "../../model/index.ts";
import { pathChangeOf } from "./path-modifier.ts";
import type { PathChange } from "./path-modifier.ts";
import type { Restriction } from "./route-match.ts";

export interface RedirectCase {
  readonly restriction: Restriction;
  readonly action: RedirectAction;
}

const WELL_KNOWN_PORT = { http: 80, https: 443 } as const;

const RESPONSE_CODE = {
  301: ResponseCode.MOVED_PERMANENTLY,
  302: ResponseCode.FOUND,
  303: ResponseCode.SEE_OTHER,
  307: ResponseCode.TEMPORARY_REDIRECT,
  308: ResponseCode.PERMANENT_REDIRECT,
} as const satisfies Record<Redirect["status"], ResponseCode>;

/**
 * The redirect, in cases to be tried in order. There are two for a host whose name is not known beforehand: a request whose
 * authority has a port can only be sent to the right one by naming it, even where it need not be.
 */
export function redirectCasesOf(
  redirect: Redirect,
  match: HttpMatch,
  host: Pick<VirtualHost, "domain" | "port">,
  listenerScheme: "http" | "https",
): readonly RedirectCase[] {
  const scheme = redirect.scheme ?? listenerScheme;
  const port = redirect.port ?? (redirect.scheme === undefined ? host.port : WELL_KNOWN_PORT[scheme]);
  const actionWith = (authority: { readonly hostRedirect?: string; readonly portRedirect?: number }): RedirectAction =>
    create(RedirectActionSchema, {
      ...(redirect.scheme === undefined
        ? {}
        : { schemeRewriteSpecifier: { case: "schemeRedirect" as const, value: redirect.scheme } }),
      ...authority,
      pathRewriteSpecifier: pathRewriteOf(pathChangeOf(redirect.path, match.path)),
      responseCode: RESPONSE_CODE[redirect.status],
    });

  const { hostname } = redirect;
  const name = hostname === undefined ? {} : { hostRedirect: hostname };
  if (port !== WELL_KNOWN_PORT[scheme])
    return [{ restriction: {}, action: actionWith({ ...name, portRedirect: port }) }];
  if (hostname !== undefined) return [{ restriction: {}, action: actionWith(name) }];
  if (!host.domain.startsWith("*")) return [{ restriction: {}, action: actionWith({ hostRedirect: host.domain }) }];
  return [
    { restriction: { authority: ".*:[0-9]+" }, action: actionWith({ portRedirect: port }) },
    { restriction: {}, action: actionWith({}) },
  ];
}

function pathRewriteOf(change: PathChange): RedirectAction["pathRewriteSpecifier"] {
  switch (change.kind) {
    case "none":
      return { case: undefined };
    case "prefix":
      return { case: "prefixRewrite", value: change.replacement };
    case "regex": {
      const value = create(RegexMatchAndSubstituteSchema, {
        pattern: { regex: change.expression },
        substitution: change.substitution,
      });
      return { case: "regexRewrite", value };
    }
  }
}
