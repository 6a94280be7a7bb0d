/**
 * Filters of HTTPRoutes, most of which GRPCRoutes and listeners share: what is done to a request on its way, or instead of
 * sending it on. https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
 */
import type { Hostname } from "./meta.ts";
import type { BackendObjectReference, LocalObjectReference } from "./references.ts";

export interface RequestHeaderModifierFilter {
  readonly type: "RequestHeaderModifier";
  readonly requestHeaderModifier: HTTPHeaderFilter;
}
export interface ResponseHeaderModifierFilter {
  readonly type: "ResponseHeaderModifier";
  readonly responseHeaderModifier: HTTPHeaderFilter;
}
export interface RequestMirrorFilter {
  readonly type: "RequestMirror";
  readonly requestMirror: HTTPRequestMirrorFilter;
}
export interface ExtensionRefFilter {
  readonly type: "ExtensionRef";
  readonly extensionRef: LocalObjectReference;
}

export type HTTPRouteFilter =
  | RequestHeaderModifierFilter
  | ResponseHeaderModifierFilter
  | RequestMirrorFilter
  | { readonly type: "RequestRedirect"; readonly requestRedirect: HTTPRequestRedirectFilter }
  | { readonly type: "URLRewrite"; readonly urlRewrite: HTTPURLRewriteFilter }
  | { readonly type: "CORS"; readonly cors: HTTPCORSFilter }
  /** Experimental. */
  | { readonly type: "ExternalAuth"; readonly externalAuth: HTTPExternalAuthFilter }
  | ExtensionRefFilter;

export type GRPCRouteFilter =
  | RequestHeaderModifierFilter
  | ResponseHeaderModifierFilter
  | RequestMirrorFilter
  | ExtensionRefFilter;

export interface HTTPHeader {
  readonly name: string;
  readonly value: string;
}

export interface HTTPHeaderFilter {
  readonly set?: readonly HTTPHeader[];
  readonly add?: readonly HTTPHeader[];
  readonly remove?: readonly string[];
}

export interface HTTPRequestMirrorFilter {
  readonly backendRef: BackendObjectReference;
  /** At most one of `percent` and `fraction`; neither: every request. */
  readonly percent?: number;
  readonly fraction?: Fraction;
}

export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

export type HTTPPathModifier =
  | { readonly type: "ReplaceFullPath"; readonly replaceFullPath: string }
  | { readonly type: "ReplacePrefixMatch"; readonly replacePrefixMatch: string };

export interface HTTPRequestRedirectFilter {
  readonly scheme?: "http" | "https";
  readonly hostname?: Hostname;
  readonly path?: HTTPPathModifier;
  readonly port?: number;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

export interface HTTPURLRewriteFilter {
  readonly hostname?: Hostname;
  readonly path?: HTTPPathModifier;
}

export interface HTTPCORSFilter {
  readonly allowOrigins?: readonly string[];
  readonly allowCredentials?: boolean;
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

/** Experimental. `http` is only there for protocol HTTP, and `grpc` only for GRPC. */
export type HTTPExternalAuthFilter =
  | (ExternalAuthBase & { readonly protocol: "HTTP"; readonly http: HTTPAuthConfig })
  | (ExternalAuthBase & { readonly protocol: "GRPC"; readonly grpc: GRPCAuthConfig });

export interface ExternalAuthBase {
  readonly backendRef: BackendObjectReference;
  readonly forwardBody?: ForwardBodyConfig;
}

export interface GRPCAuthConfig {
  /** Request headers to send to the authorization server; absent: all. */
  readonly allowedHeaders?: readonly string[];
}

export interface HTTPAuthConfig {
  /** Prefix of the request's path towards the authorization server. */
  readonly path?: string;
  readonly allowedHeaders?: readonly string[];
  readonly allowedResponseHeaders?: readonly string[];
}

export interface ForwardBodyConfig {
  /** Bytes; 0 or absent: the body is not sent. */
  readonly maxSize?: number;
}
