/**
 * What a proxy does with HTTP requests: route tables of virtual hosts, each a list of entries in the order in which they
 * must be tried. HTTPRoute and GRPCRoute both end here.
 */
import type { Decisions } from "./access.ts";
import type { BackendKey, ProxyKey, RouteTableKey, VirtualHostKey } from "./keys.ts";
import type { BackendOrigin, RuleOrigin } from "./provenance.ts";

/** The virtual hosts of all plain-HTTP listeners of a socket, or of one HTTPS listener, or a part of them. It always has at least one host. */
export interface RouteTable {
  readonly key: RouteTableKey;
  readonly proxy: ProxyKey;
  /** The listeners' port: redirects that name no port and no scheme keep it. */
  readonly port: number;
}

export interface VirtualHost {
  readonly key: VirtualHostKey;
  readonly table: RouteTableKey;
  readonly proxy: ProxyKey;
  readonly port: number;
  /** `foo.example.com`, `*.example.com` or `*`. The most specific host of a table that matches is the only one asked. */
  readonly domain: string;
  /** `misdirected`: this host belongs to another listener's connections; every request is answered 421. */
  readonly purpose: "serve" | "misdirected";
  /** Who must agree to every request before an entry is looked for, in this order; absent: nobody. */
  readonly guards?: readonly ExternalAuth[];
  /** In order of precedence; the first that matches decides. None matches: 404. */
  readonly entries: readonly HttpEntry[];
}

/** One match of one rule. Entries of the same rule share the same `rule` object. */
export interface HttpEntry {
  readonly match: HttpMatch;
  /** Position in the rule's `matches`, from 0; the matches of CORS preflights come after those that the user wrote. */
  readonly matchIndex: number;
  readonly rule: HttpRule;
}

export interface HttpMatch {
  readonly path: PathMatch;
  readonly method?: string;
  /** Names in lower case, each once, sorted by name. All must match. */
  readonly headers: readonly ValueMatch[];
  /** Names as they are, each once, sorted by name. All must match. */
  readonly queryParams: readonly ValueMatch[];
}

export interface PathMatch {
  /** A prefix is of whole path elements: `/a` matches `/a` and `/a/b`, not `/ab`; it never ends in a slash but for `/` itself. */
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

export interface ValueMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

export interface HttpRule {
  readonly origin: RuleOrigin;
  /** A gRPC rule answers with gRPC's codes: an unresolved backend is UNAVAILABLE. */
  readonly grpc: boolean;
  readonly action: HttpAction;
  readonly filters: RuleFilters;
  /** Whole request, all tries, in milliseconds; 0: none. Absent: not stated, which is none. */
  readonly requestTimeoutMs?: number;
  /** One try, in milliseconds; 0: none. */
  readonly backendRequestTimeoutMs?: number;
  readonly retry?: Retry;
  readonly sessionPersistence?: SessionPersistence;
}

export type HttpAction =
  | { readonly kind: "respond"; readonly status: number }
  | { readonly kind: "redirect"; readonly redirect: Redirect }
  | { readonly kind: "forward"; readonly backends: readonly WeightedBackend[] };

export interface WeightedBackend {
  /** More than 0, out of the sum over the rule's backends. */
  readonly weight: number;
  readonly target: BackendTarget;
  /** Filters of this backend reference alone. */
  readonly filters: RuleFilters;
}

export type BackendTarget =
  | {
      readonly kind: "backend";
      readonly backend: BackendKey;
      readonly origin: BackendOrigin;
      /** What the backend asks for; the rule's own, where it has one, comes first. */
      readonly sessionPersistence?: SessionPersistence;
      /** Which callers may send to it, and what: the proxy that sends is who calls. Absent: all, everything. */
      readonly access?: Decisions;
    }
  | { readonly kind: "redirect"; readonly redirect: Redirect }
  /** The share of a reference that does not resolve. */
  | { readonly kind: "respond"; readonly status: number };

/** What is done to a request on its way and to its response. Lists are empty and objects absent where nothing is to do. */
export interface RuleFilters {
  readonly requestHeaders?: HeaderModifier;
  readonly responseHeaders?: HeaderModifier;
  readonly rewrite?: Rewrite;
  readonly mirrors: readonly Mirror[];
  readonly cors?: Cors;
  readonly externalAuth?: ExternalAuth;
}

/** Applied in the order set, add, remove; names in lower case. */
export interface HeaderModifier {
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly add: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
}

export type PathModifier =
  | { readonly type: "ReplaceFullPath"; readonly value: string }
  /** Replaces the prefix that the entry's path match names. */
  | { readonly type: "ReplacePrefixMatch"; readonly value: string };

export interface Rewrite {
  readonly hostname?: string;
  readonly path?: PathModifier;
}

export interface Redirect {
  readonly scheme?: "http" | "https";
  readonly hostname?: string;
  readonly path?: PathModifier;
  readonly port?: number;
  readonly status: 301 | 302 | 303 | 307 | 308;
}

export interface Mirror {
  readonly backend: BackendKey;
  readonly origin: BackendOrigin;
  /** The share of requests to copy: numerator out of denominator. */
  readonly numerator: number;
  readonly denominator: number;
}

export interface Cors {
  /** `*`, or origins whose host may begin with a wildcard (`https://*.example.com`). */
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean;
  /** `*` alone stands for all. */
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface ExternalAuth {
  readonly protocol: "HTTP" | "GRPC";
  /** Absent: its reference does not resolve, and every request is refused (fails closed) with 500. */
  readonly backend?: BackendKey;
  readonly pathPrefix: string;
  readonly allowedRequestHeaders: readonly string[];
  readonly allowedResponseHeaders: readonly string[];
  /** Bytes of the request body to send along; 0: none. */
  readonly maxBodyBytes: number;
}

export interface Retry {
  /** Tries after the first; 0: never. */
  readonly attempts: number;
  readonly codes: readonly number[];
  readonly backoffMs?: number;
}

/** Pins an endpoint within the chosen backend; weights choose the backend first (GEP-1619 as of v1.7.0). */
export type SessionPersistence =
  | {
      readonly type: "Cookie";
      readonly name: string;
      readonly path: string;
      /** Absent: a session cookie. */
      readonly maxAgeMs?: number;
    }
  | { readonly type: "Header"; readonly name: string };
