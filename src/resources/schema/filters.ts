/** Filters of HTTPRoutes, GRPCRoutes and listeners. */
import type {
  ForwardBodyConfig,
  Fraction,
  GRPCAuthConfig,
  GRPCRouteFilter,
  HTTPAuthConfig,
  HTTPCORSFilter,
  HTTPExternalAuthFilter,
  HTTPHeader,
  HTTPHeaderFilter,
  HTTPPathModifier,
  HTTPRequestMirrorFilter,
  HTTPRequestRedirectFilter,
  HTTPRouteFilter,
  HTTPURLRewriteFilter,
} from "../types/http-filters.ts";
import {
  boolean,
  integer,
  list,
  listByKey,
  named,
  object,
  oneOf,
  portNumber,
  preciseHostname,
  setOf,
  string,
} from "./construct.ts";
import { corsOrigin, headerName, headerValue, pathText } from "./pattern.ts";
import { backendObjectReference, localObjectReference } from "./references.ts";
import { fieldOf, fieldOfMember, typeOnce, violationIf, type Rule } from "./rule.ts";
import type { IntegerSchema, ListSchema, Schema } from "./schema.ts";

const fieldOfFilterType = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  ExtensionRef: "extensionRef",
  CORS: "cors",
  ExternalAuth: "externalAuth",
} as const;

type FilterType = keyof typeof fieldOfFilterType;

/** A filter has the field of its type, and no field of another type. */
export function filterRules(types: readonly FilterType[]): readonly Rule<object>[] {
  return types.flatMap((type) => {
    const field = fieldOfFilterType[type];
    return fieldOfMember("type", type, field, {
      misplaced: `filter.${field} must be nil if the filter.type is not ${type}`,
      missing: `filter.${field} must be specified for ${type} filter.type`,
    });
  });
}

/** The two rules for a field of an ExternalAuth's protocol, or of a path modifier's type, as these CRDs word them. */
function memberRules(tag: string, member: string, field: string, set: string): readonly Rule<object>[] {
  return fieldOfMember(tag, member, field, {
    misplaced: `${tag} must be '${member}' when ${field} is set`,
    missing: `${field} must be specified when ${set} set to '${member}'`,
  });
}

export const header: Schema<HTTPHeader> = object<HTTPHeader>(
  { name: named(headerName, 256), value: named(headerValue, 4096) },
  ["name", "value"],
);
const headers: ListSchema<HTTPHeader> = listByKey<HTTPHeader>(header, "name", { maxItems: 16 });

const headerModifier: Schema<HTTPHeaderFilter> = object<HTTPHeaderFilter>({
  add: headers,
  remove: setOf<string>(string(), { maxItems: 16 }),
  set: headers,
});

export const fraction: Schema<Fraction> = object<Fraction>(
  { denominator: integer({ minimum: 1, default: 100 }), numerator: integer({ minimum: 0 }) },
  ["numerator"],
  {
    rules: [
      {
        id: "numerator must be less than or equal to denominator",
        find: ({ numerator, denominator }) =>
          violationIf(numerator > denominator, `${numerator} of ${denominator} is more than all requests`, [
            "numerator",
          ]),
      },
    ],
  },
);

const requestMirror: Schema<HTTPRequestMirrorFilter> = object<HTTPRequestMirrorFilter>(
  { backendRef: backendObjectReference, fraction, percent: integer({ minimum: 0, maximum: 100 }) },
  ["backendRef"],
  {
    rules: [
      {
        id: "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter",
        find: (mirror) =>
          violationIf(
            mirror.percent !== undefined && mirror.fraction !== undefined,
            "percent and fraction are both there; only one can say how many requests to mirror",
            ["fraction"],
          ),
      },
    ],
  },
);

const pathModifier: Schema<HTTPPathModifier> = object<HTTPPathModifier>(
  {
    replaceFullPath: string({ maxLength: 1024 }),
    replacePrefixMatch: string({ maxLength: 1024 }),
    type: oneOf(["ReplaceFullPath", "ReplacePrefixMatch"]),
  },
  ["type"],
  {
    rules: [
      ...memberRules("type", "ReplaceFullPath", "replaceFullPath", "type is"),
      ...memberRules("type", "ReplacePrefixMatch", "replacePrefixMatch", "type is"),
    ],
  },
);

const redirectStatus: IntegerSchema<301 | 302 | 303 | 307 | 308> = {
  type: "integer",
  enum: [301, 302, 303, 307, 308],
  default: 302,
};

const requestRedirect: Schema<HTTPRequestRedirectFilter> = object<HTTPRequestRedirectFilter>({
  hostname: preciseHostname,
  path: pathModifier,
  port: portNumber,
  scheme: oneOf(["http", "https"]),
  statusCode: redirectStatus,
});

const urlRewrite: Schema<HTTPURLRewriteFilter> = object<HTTPURLRewriteFilter>({
  hostname: preciseHostname,
  path: pathModifier,
});

const wildcardAlone = (id: string): Rule<readonly string[]> => ({
  id,
  find: (values) =>
    violationIf(values.includes("*") && values.length > 1, `"*" stands for all and must be alone in the list`),
});

const corsMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"] as const;

const cors: Schema<HTTPCORSFilter> = object<HTTPCORSFilter>({
  allowCredentials: boolean,
  allowHeaders: setOf<string>(named(headerName, 256), {
    maxItems: 64,
    rules: [wildcardAlone("AllowHeaders cannot contain '*' alongside other methods")],
  }),
  allowMethods: setOf<string>(oneOf<string>(corsMethods), {
    maxItems: 9,
    rules: [wildcardAlone("AllowMethods cannot contain '*' alongside other methods")],
  }),
  allowOrigins: setOf<string>(named(corsOrigin, 253), {
    maxItems: 64,
    rules: [wildcardAlone("AllowOrigins cannot contain '*' alongside other origins")],
  }),
  exposeHeaders: setOf<string>(named(headerName, 256), { maxItems: 64 }),
  maxAge: integer({ minimum: 1, default: 5 }),
});

const headerNames: ListSchema<string> = setOf<string>(string(), { maxItems: 64 });

export const externalAuth: Schema<HTTPExternalAuthFilter> = object<HTTPExternalAuthFilter>(
  {
    backendRef: backendObjectReference,
    forwardBody: object<ForwardBodyConfig>({ maxSize: integer({ minimum: 0 }) }),
    grpc: object<GRPCAuthConfig>({ allowedHeaders: headerNames }),
    http: object<HTTPAuthConfig>({
      allowedHeaders: headerNames,
      allowedResponseHeaders: headerNames,
      path: string({ maxLength: 1024, pattern: pathText }),
    }),
    protocol: oneOf(["HTTP", "GRPC"]),
  },
  ["backendRef", "protocol"],
  {
    rules: [
      ...memberRules("protocol", "GRPC", "grpc", "protocol is"),
      ...memberRules("protocol", "HTTP", "http", "protocol is"),
    ],
  },
);

const grpcFilterTypes = ["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"] as const;

const grpcFilter: Schema<GRPCRouteFilter> = object<GRPCRouteFilter>(
  {
    extensionRef: localObjectReference,
    requestHeaderModifier: headerModifier,
    requestMirror,
    responseHeaderModifier: headerModifier,
    type: oneOf(grpcFilterTypes),
  },
  ["type"],
  { rules: filterRules(grpcFilterTypes) },
);

export const grpcFilters: ListSchema<GRPCRouteFilter> = list<GRPCRouteFilter>(grpcFilter, {
  maxItems: 16,
  rules: [typeOnce("RequestHeaderModifier"), typeOnce("ResponseHeaderModifier")],
});

const httpFilterTypes = [
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestMirror",
  "RequestRedirect",
  "URLRewrite",
  "ExtensionRef",
  "CORS",
  "ExternalAuth",
] as const;

const httpFilter: Schema<HTTPRouteFilter> = object<HTTPRouteFilter>(
  {
    cors,
    extensionRef: localObjectReference,
    externalAuth: { ...externalAuth, experimental: true },
    requestHeaderModifier: headerModifier,
    requestMirror,
    requestRedirect,
    responseHeaderModifier: headerModifier,
    type: oneOf(httpFilterTypes),
    urlRewrite,
  },
  ["type"],
  { rules: filterRules(httpFilterTypes) },
);

const redirectOrRewrite: Rule<readonly object[]> = {
  id: "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both",
  find: (filters) => {
    const types = filters.map((filter) => fieldOf(filter, "type"));
    const rewrite = types.indexOf("URLRewrite");
    const both = rewrite !== -1 && types.includes("RequestRedirect");
    return violationIf(both, "a request that is redirected cannot be rewritten as well: use one of both filters", [
      rewrite,
    ]);
  },
};

export const httpFilters: ListSchema<HTTPRouteFilter> = list<HTTPRouteFilter>(httpFilter, {
  maxItems: 16,
  rules: [
    redirectOrRewrite,
    typeOnce("CORS"),
    typeOnce("RequestHeaderModifier"),
    typeOnce("ResponseHeaderModifier"),
    typeOnce("RequestRedirect"),
    typeOnce("URLRewrite"),
  ],
});
