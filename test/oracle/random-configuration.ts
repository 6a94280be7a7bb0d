/**
 * Random Gateways, ListenerSets, routes, permissions and requests for holding the evaluator against Envoy. Everything comes
 * from small sets of names, paths and values that overlap on purpose, because mistakes live where two things nearly match.
 */
import fc from "fast-check";
import type { EvaluatedRequest } from "../../src/insight/index.ts";
import { METHODS, rule, some, VALUES } from "./random-rules.ts";

const GATEWAY_API = "gateway.networking.k8s.io/v1";
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
const QUERIES = ["", "?q=1", "?q=2&p=1", "?p=one", "?q=1&q=2", "?Q=1", "?q"];

const created = fc.constantFrom("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
const namespace = fc.constantFrom("default", "default", "other");
const sections = some(["l0", "l1", "l2", "s0", "s1"], 2);

/** One has the name of the Gateway. */
const SETS = ["gw", "set"] as const;
const PARENTS = [
  { name: "gw", namespace: "default" },
  ...SETS.flatMap((name) => ["default", "other"].map((of) => ({ kind: "ListenerSet", name, namespace: of }))),
];

/** One parent, as a whole or some of its listeners. */
const parentRefs = (parent: object): fc.Arbitrary<object[]> =>
  sections.map((names) => (names.length === 0 ? [parent] : names.map((sectionName) => ({ ...parent, sectionName }))));

const route = (index: number): fc.Arbitrary<object> =>
  fc
    .tuple(
      namespace,
      some(HOSTNAMES, 2),
      fc.oneof(
        { weight: 3, arbitrary: fc.array(rule, { minLength: 1, maxLength: 4 }) },
        // Enough for a host to be served by a matching tree instead of a plain list.
        { weight: 1, arbitrary: fc.array(rule, { minLength: 12, maxLength: 16 }) },
      ),
      some(PARENTS, 3, 1).chain((parents) => fc.tuple(...parents.map(parentRefs))),
      created,
    )
    .map(([of, hostnames, rules, parents, creationTimestamp]) => ({
      apiVersion: GATEWAY_API,
      kind: "HTTPRoute",
      metadata: { name: `r${index}`, namespace: of, creationTimestamp },
      spec: {
        parentRefs: parents.flat(),
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

/** Of the fixed objects. What answers does not depend on it. */
const FOR_MANY_HOSTS = { group: "trilith.dev", kind: "GatewayParameters", name: "many-hosts" };
const FROM_OTHERS = { from: "Selector", selector: { matchLabels: { team: "others" } } };
const allowedRoutes = fc.constantFrom(
  {},
  ...[{ from: "All" }, { from: "All" }, FROM_OTHERS].map((namespaces) => ({ allowedRoutes: { namespaces } })),
);

interface ListenerChoice {
  readonly plain: readonly (string | undefined)[];
  readonly secure: readonly (string | undefined)[];
  /** The least of either kind. */
  readonly min: number;
  readonly certificates: readonly object[];
  /** Which protocol there is on the port for HTTPS. */
  readonly protocols: readonly string[];
}

/** Up to three listeners on the port for HTTP and two on the one for HTTPS, each with another hostname. */
const listeners = ({ http, https }: Ports, choice: ListenerChoice): fc.Arbitrary<object[]> => {
  const listener = (name: string, port: number, hostname: string | undefined, rest: fc.Arbitrary<object>) =>
    fc.tuple(allowedRoutes, rest).map(([allowed, more]) => {
      return { name, port, ...(hostname !== undefined && { hostname }), ...allowed, ...more };
    });
  const encrypted = fc
    .tuple(fc.constantFrom(...choice.protocols), fc.constantFrom(...choice.certificates))
    .map(([protocol, reference]) => ({
      protocol,
      ...(protocol === "HTTPS" && { tls: { certificateRefs: [reference] } }),
    }));
  return fc
    .tuple(some(choice.plain, 3, choice.min), some(choice.secure, 2, choice.min))
    .filter(([plain, secure]) => plain.length + secure.length > 0)
    .chain(([plain, secure]) =>
      fc.tuple(
        ...plain.map((hostname, i) => listener(`l${i}`, http, hostname, fc.constant({ protocol: "HTTP" }))),
        ...secure.map((hostname, i) => listener(`s${i}`, https, hostname, encrypted)),
      ),
    );
};

const gateway = (ports: Ports): fc.Arbitrary<object> =>
  fc
    .tuple(
      listeners(ports, {
        plain: [undefined, "*.example.com", "a.example.com", "*.com", "other.org"],
        secure: [undefined, "*.example.com", "a.example.com"],
        min: 1,
        certificates: [{ name: "certificate" }],
        protocols: ["HTTPS"],
      }),
      fc.constantFrom(
        {},
        ...[{ from: "Same" }, { from: "All" }, { from: "All" }, FROM_OTHERS].map((namespaces) => ({
          allowedListeners: { namespaces },
        })),
      ),
      fc.constantFrom({}, { infrastructure: { parametersRef: FOR_MANY_HOSTS } }),
    )
    .map(([of, allowed, parameters]) => ({
      apiVersion: GATEWAY_API,
      kind: "Gateway",
      metadata: { name: "gw", namespace: "default" },
      spec: { gatewayClassName: "trilith", defaultScope: "All", ...allowed, ...parameters, listeners: of },
    }));

/** Wants hostnames that the Gateway, or another set, may have; its certificate may be missing, or need a permission. */
const listenerSet = (ports: Ports, index: number): fc.Arbitrary<object> =>
  fc
    .tuple(
      namespace,
      created,
      listeners(ports, {
        plain: ["b.example.com", "a.example.com", "*.a.example.com"],
        secure: ["b.example.com", "x.a.example.com", undefined],
        min: 0,
        certificates: [
          { name: "certificate" },
          { name: "certificate", namespace: "default" },
          { name: "certificate", namespace: "default" },
          { name: "missing" },
        ],
        protocols: ["HTTPS", "HTTPS", "HTTPS", "HTTP"],
      }),
    )
    .map(([of, creationTimestamp, list]) => ({
      apiVersion: GATEWAY_API,
      kind: "ListenerSet",
      metadata: { name: SETS[index], namespace: of, creationTimestamp },
      spec: { parentRef: { name: "gw", namespace: "default" }, listeners: list },
    }));

/** Of the namespace that is referred to; some are nearly what a reference needs. */
const referenceGrant = (index: number): fc.Arbitrary<object> =>
  fc
    .record({
      ends: fc.constantFrom(["default", "other"], ["default", "other"], ["other", "default"], ["other", "other"]),
      group: fc.constantFrom("gateway.networking.k8s.io", "gateway.networking.k8s.io", "example.com"),
      kind: fc.constantFrom("HTTPRoute", "HTTPRoute", "ListenerSet", "ListenerSet", "Gateway"),
      to: some(
        [
          { group: "", kind: "Service" },
          { group: "", kind: "Service", name: "blue" },
          { group: "", kind: "Service", name: "black" },
          { group: "", kind: "Secret" },
          { group: "", kind: "Secret", name: "certificate" },
          { group: "apps", kind: "Service" },
        ],
        2,
        1,
      ),
    })
    .map(({ ends: [of, from], group, kind, to }) => ({
      apiVersion: GATEWAY_API,
      kind: "ReferenceGrant",
      metadata: { name: `grant${index}`, namespace: of },
      spec: { from: [{ group, kind, namespace: from }], to },
    }));

const several = (min: number, max: number, one: (index: number) => fc.Arbitrary<object>): fc.Arbitrary<object[]> =>
  fc.integer({ min, max }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => one(index))));

/** The objects that differ from one configuration to the next, as YAML would state them. */
export const configuration = (ports: Ports): fc.Arbitrary<object[]> =>
  fc
    .tuple(
      gateway(ports).map((one) => [one]),
      several(0, SETS.length, (index) => listenerSet(ports, index)),
      several(0, 4, referenceGrant),
      several(1, 4, route),
    )
    .map((objects) => objects.flat());

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
