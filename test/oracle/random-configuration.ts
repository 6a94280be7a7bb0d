/**
 * Random Gateways, routes and requests for holding the evaluator against Envoy. Everything comes from small sets of names,
 * paths and values that overlap on purpose, because mistakes live where two things nearly match.
 */
import fc from "fast-check";
import type { EvaluatedRequest } from "../../src/insight/index.ts";

/** Services by name; each has one port, 80. */
export const SERVICES = ["red", "green", "blue"] as const;

const HOSTNAMES = [
  "a.example.com",
  "b.example.com",
  "*.example.com",
  "x.a.example.com",
  "*.a.example.com",
  "*.com",
  "other.org",
];
const REQUEST_HOSTS = [
  "a.example.com",
  "A.Example.com:8080",
  "b.example.com",
  "x.a.example.com",
  "y.x.a.example.com",
  "example.com",
  "other.org",
  "other.org.",
  "z.net",
];
const PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/a/c"];
const EXPRESSIONS = ["/a.*", "/[ab]/?b?", "/(a|b)/.+", "/.*c", "/A"];
const REQUEST_PATHS = [
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/a/b/",
  "/a/b/c",
  "/ab",
  "/abc",
  "/b",
  "/b/x",
  "/a/../b",
  "/a/./b",
  "//a",
  "/a//b",
  "/a%2Fb",
  "/A",
  "/a/c/d",
];
const METHODS = ["GET", "POST", "PUT"] as const;
const HEADERS = ["x-one", "X-Two", "x-three"];
const VALUES = ["1", "2", "one"];
const QUERIES = ["", "?q=1", "?q=2&p=1", "?p=one", "?q=1&q=2", "?Q=1", "?q"];

const some = <T>(values: readonly T[], max: number, min = 0): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: min, maxLength: max });

const optional = <T>(arbitrary: fc.Arbitrary<T>, name: string): fc.Arbitrary<Record<string, T>> =>
  fc.option(arbitrary, { nil: undefined }).map((value) => (value === undefined ? {} : { [name]: value }));

const valueMatch = (names: readonly string[]): fc.Arbitrary<object> =>
  fc.record({
    name: fc.constantFrom(...names),
    type: fc.constantFrom("Exact", "Exact", "RegularExpression"),
    value: fc.constantFrom(...VALUES, "[12]", ".*"),
  });

const pathMatch: fc.Arbitrary<object> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("PathPrefix"), value: fc.constantFrom(...PATHS) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("Exact"), value: fc.constantFrom(...PATHS) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("RegularExpression"), value: fc.constantFrom(...EXPRESSIONS) }),
  },
);

const uniqueNames = (arbitrary: fc.Arbitrary<object>): fc.Arbitrary<object[]> =>
  fc.uniqueArray(arbitrary, { maxLength: 2, selector: (value) => (value as { name: string }).name.toLowerCase() });

const match: fc.Arbitrary<object> = fc
  .tuple(
    fc.record({ path: pathMatch }),
    optional(fc.constantFrom(...METHODS), "method"),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: uniqueNames(valueMatch(HEADERS)).map((headers) => ({ headers })) },
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: uniqueNames(valueMatch(["q", "p"])).map((queryParams) => ({ queryParams })) },
    ),
  )
  .map((parts) => Object.assign({}, ...parts) as object);

const headerFilter = fc.constantFrom(
  { set: [{ name: "X-One", value: "set" }] },
  { add: [{ name: "x-one", value: "added" }] },
  { remove: ["x-one"] },
  { set: [{ name: "x-new", value: "n" }], remove: ["x-two"] },
);

const requestHeaders = headerFilter.map((requestHeaderModifier) => ({
  type: "RequestHeaderModifier",
  requestHeaderModifier,
}));

const pathModifier = (isPrefix: boolean): fc.Arbitrary<object> => {
  const full = fc
    .constantFrom("/full", "/full/")
    .map((replaceFullPath) => ({ type: "ReplaceFullPath", replaceFullPath }));
  const prefix = fc
    .constantFrom("/", "/p", "/p/")
    .map((replacePrefixMatch) => ({ type: "ReplacePrefixMatch", replacePrefixMatch }));
  return isPrefix ? fc.oneof(full, prefix) : full;
};

const rewrite = (isPrefix: boolean): fc.Arbitrary<object> =>
  fc
    .tuple(optional(pathModifier(isPrefix), "path"), optional(fc.constant("rewritten.example.com"), "hostname"))
    .filter(([path, hostname]) => Object.keys({ ...path, ...hostname }).length > 0)
    .map(([path, hostname]) => ({ type: "URLRewrite", urlRewrite: { ...path, ...hostname } }));

const redirect = (isPrefix: boolean): fc.Arbitrary<object> =>
  fc
    .tuple(
      optional(fc.constantFrom("http", "https"), "scheme"),
      optional(fc.constant("elsewhere.example.com"), "hostname"),
      optional(fc.constantFrom(80, 443, 8443), "port"),
      optional(pathModifier(isPrefix), "path"),
      fc.constantFrom(301, 302, 303, 307, 308),
    )
    .map(([scheme, hostname, port, path, statusCode]) => ({
      type: "RequestRedirect",
      requestRedirect: { ...scheme, ...hostname, ...port, ...path, statusCode },
    }));

const backend = (isPrefix: boolean): fc.Arbitrary<object> =>
  fc
    .tuple(
      fc.constantFrom(...SERVICES, ...SERVICES, "missing"),
      fc.constantFrom(0, 1, 1, 3),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: requestHeaders.map((filter) => [filter]) },
        { weight: 1, arbitrary: rewrite(isPrefix).map((filter) => [filter]) },
      ),
    )
    .map(([name, weight, filters]) => ({ name, port: 80, weight, ...(filters.length > 0 && { filters }) }));

const rule: fc.Arbitrary<object> = fc.array(match, { minLength: 1, maxLength: 2 }).chain((matches) => {
  // Replacing a prefix asks for one match, and that by prefix.
  const isPrefix = matches.length === 1 && (matches[0] as { path: { type: string } }).path.type === "PathPrefix";
  const forwarding = fc
    .tuple(
      fc.array(backend(isPrefix), { minLength: 0, maxLength: 3 }),
      fc.array(requestHeaders, { maxLength: 1 }),
      fc.array(rewrite(isPrefix), { maxLength: 1 }),
    )
    // One request is rewritten in one place only: the API forbids the same filter twice.
    .map(([backendRefs, headers, rewrites]) => ({
      backendRefs: rewrites.length > 0 ? backendRefs.map(withoutRewrite) : backendRefs,
      filters: [...headers, ...rewrites],
    }));
  const redirecting = redirect(isPrefix).map((filter) => ({ filters: [filter] }));
  return fc
    .oneof({ weight: 5, arbitrary: forwarding }, { weight: 1, arbitrary: redirecting })
    .map((action) => ({ matches, ...action }));
});

function withoutRewrite(reference: object): object {
  const { filters = [], ...rest } = reference as { filters?: { type: string }[] };
  const kept = filters.filter(({ type }) => type !== "URLRewrite");
  return kept.length > 0 ? { ...rest, filters: kept } : rest;
}

const route = (index: number): fc.Arbitrary<object> =>
  fc
    .tuple(
      some(HOSTNAMES, 2),
      fc.oneof(
        { weight: 3, arbitrary: fc.array(rule, { minLength: 1, maxLength: 4 }) },
        // Enough for a host to be served by a matching tree instead of a plain list.
        { weight: 1, arbitrary: fc.array(rule, { minLength: 12, maxLength: 16 }) },
      ),
      some(["l0", "l1", "l2", "s0", "s1"], 2),
      fc.constantFrom("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
    )
    .map(([hostnames, rules, sections, creationTimestamp]) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: `r${index}`, namespace: "default", creationTimestamp },
      spec: {
        parentRefs:
          sections.length === 0 ? [{ name: "gw" }] : sections.map((sectionName) => ({ name: "gw", sectionName })),
        // Every third route goes everywhere, beside the listeners that it names.
        ...(index % 3 === 2 && { useDefaultGateways: "All" }),
        ...(hostnames.length > 0 && { hostnames }),
        rules,
      },
    }));

export interface Ports {
  readonly http: number;
  readonly https: number;
}

/** Up to three HTTP listeners and two HTTPS listeners, each with another hostname. */
const listeners = ({ http, https }: Ports): fc.Arbitrary<object[]> =>
  fc
    .tuple(
      some([undefined, "*.example.com", "a.example.com", "*.com", "other.org"], 3, 1),
      some([undefined, "*.example.com", "a.example.com"], 2, 1),
    )
    .map(([plain, secure]) => [
      ...plain.map((hostname, i) => ({
        name: `l${i}`,
        protocol: "HTTP",
        port: http,
        ...(hostname !== undefined && { hostname }),
      })),
      ...secure.map((hostname, i) => ({
        name: `s${i}`,
        protocol: "HTTPS",
        port: https,
        tls: { certificateRefs: [{ name: "certificate" }] },
        ...(hostname !== undefined && { hostname }),
      })),
    ]);

/** The objects that differ from one configuration to the next, as YAML would state them. */
export const configuration = (ports: Ports): fc.Arbitrary<object[]> =>
  fc
    .tuple(
      listeners(ports),
      fc.integer({ min: 1, max: 4 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => route(i)))),
    )
    .map(([of, routes]) => [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: "gw", namespace: "default" },
        spec: { gatewayClassName: "trilith", defaultScope: "All", listeners: of },
      },
      ...routes,
    ]);

export const request = ({ http, https }: Ports): fc.Arbitrary<EvaluatedRequest> =>
  fc
    .record({
      secure: fc.constantFrom(false, false, true),
      serverName: fc.constantFrom("a.example.com", "b.example.com", "x.a.example.com"),
      method: fc.constantFrom(...METHODS),
      host: fc.constantFrom(...REQUEST_HOSTS),
      path: fc.constantFrom(...REQUEST_PATHS),
      query: fc.constantFrom(...QUERIES),
      headers: fc.dictionary(fc.constantFrom("x-one", "x-two", "x-three"), fc.constantFrom(...VALUES), { maxKeys: 2 }),
    })
    .map(({ secure, serverName, method, host, path, query, headers }) => ({
      port: secure ? https : http,
      ...(secure && { tls: { serverName } }),
      method,
      host,
      target: path + query,
      headers: { ...headers },
    }));
