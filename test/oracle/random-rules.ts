/** Random rules of HTTPRoutes: matches that overlap, every filter that changes a request, and mistakes now and then. */
import fc from "fast-check";

/** Services by name, with their namespaces; each has one port, 80. */
export const SERVICES = { red: "default", green: "default", blue: "default", black: "other" } as const;

const PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/a/c"];
const EXPRESSIONS = ["/a.*", "/[ab]/?b?", "/(a|b)/.+", "/.*c", "/A"];
/** A text that is no expression makes its rule one that cannot be carried out. */
const NO_EXPRESSIONS = ["/a/(", "/b(?!x)"];
/** Some need a permission, depending on where the route is. */
const REFERENCES = [
  ...["red", "green", "blue", "red", "green", "black", "missing"].map((name) => ({ name })),
  ...["red", "blue", "blue"].map((name) => ({ name, namespace: "default" })),
  { name: "black", namespace: "other" },
];
export const METHODS = ["GET", "POST", "PUT"] as const;
const HEADERS = ["x-one", "X-Two", "x-three"];
export const VALUES = ["1", "2", "one"] as const;

export const some = <T>(values: readonly T[], max: number, min = 0): fc.Arbitrary<T[]> =>
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
    arbitrary: fc.record({
      type: fc.constant("RegularExpression"),
      value: fc.constantFrom(...EXPRESSIONS, ...EXPRESSIONS, ...NO_EXPRESSIONS),
    }),
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

/** The last one is none that a proxy can carry out. */
const headerFilter = fc.constantFrom(
  { set: [{ name: "X-One", value: "set" }] },
  { add: [{ name: "x-one", value: "added" }] },
  { remove: ["x-one"] },
  { set: [{ name: "x-new", value: "n" }], remove: ["x-two"] },
  { remove: ["x-one", ":path"] },
);

const requestHeaders = headerFilter.map((requestHeaderModifier) => ({
  type: "RequestHeaderModifier",
  requestHeaderModifier,
}));

const unknownFilter = { type: "ExtensionRef", extensionRef: { group: "example.com", kind: "Guard", name: "guard" } };

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
      fc.constantFrom(...REFERENCES),
      fc.constantFrom(0, 1, 1, 3),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: requestHeaders.map((filter) => [filter]) },
        { weight: 1, arbitrary: rewrite(isPrefix).map((filter) => [filter]) },
      ),
    )
    .map(([reference, weight, filters]) => ({
      ...reference,
      port: 80,
      weight,
      ...(filters.length > 0 && { filters }),
    }));

export const rule: fc.Arbitrary<object> = fc.array(match, { minLength: 1, maxLength: 2 }).chain((matches) => {
  // Replacing a prefix asks for one match, and that by prefix.
  const isPrefix = matches.length === 1 && (matches[0] as { path: { type: string } }).path.type === "PathPrefix";
  const forwarding = fc
    .tuple(
      fc.array(backend(isPrefix), { minLength: 0, maxLength: 3 }),
      fc.array(requestHeaders, { maxLength: 1 }),
      fc.constantFrom([], [], [], [], [], [unknownFilter]),
      fc.array(rewrite(isPrefix), { maxLength: 1 }),
    )
    // One request is rewritten in one place only: the API forbids the same filter twice.
    .map(([backendRefs, headers, unknown, rewrites]) => ({
      backendRefs: rewrites.length > 0 ? backendRefs.map(withoutRewrite) : backendRefs,
      filters: [...headers, ...unknown, ...rewrites],
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
