/** Random routes of every kind, to few parents and few backends. */
import { type Arbitrary, array, constant, constantFrom, oneof, record, uniqueArray } from "fast-check";
import {
  GATEWAY_API,
  gatewayName,
  hostname,
  merged,
  namespace,
  object,
  optional,
  serviceName,
} from "./random-parts.ts";

const parentRefs = uniqueArray(
  oneof(
    merged(record({ name: gatewayName, namespace }), optional("sectionName", constantFrom("l0", "l1"))),
    merged(
      record({ kind: constant("ListenerSet"), name: constantFrom("ls1", "ls2", "g1"), namespace }),
      oneof(optional("port", constantFrom(80, 443)), optional("sectionName", constantFrom("l0", "l1"))),
    ),
  ),
  {
    minLength: 1,
    maxLength: 2,
    selector: (ref) => {
      const { kind, name, namespace: ns } = ref as Record<string, string>;
      return `${kind}/${ns}/${name}`;
    },
  },
);

const backendRef = oneof(
  {
    weight: 4,
    arbitrary: merged(
      record({ name: serviceName, port: constantFrom(80, 81), weight: constantFrom(0, 1, 2) }),
      optional("namespace", namespace),
    ),
  },
  {
    weight: 1,
    arbitrary: merged(
      record({
        group: constant("gateway.networking.x-k8s.io"),
        kind: constant("XBackend"),
        name: constantFrom("x1", "x2"),
      }),
      optional("namespace", namespace),
    ),
  },
);

/** None, one that needs a permission, and one that leaves the rule out. */
const ruleFilters = oneof(
  constant({}),
  constant({}),
  record({ name: serviceName, namespace, port: constantFrom(80, 81) }).map((authorization) => ({
    filters: [{ type: "ExternalAuth", externalAuth: { protocol: "HTTP", backendRef: authorization, http: {} } }],
  })),
  constant({ filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { remove: [":path"] } }] }),
);

const pathMatch = oneof(
  {
    weight: 9,
    arbitrary: record({ type: constantFrom("PathPrefix", "Exact"), value: constantFrom("/", "/a", "/a/b") }),
  },
  { weight: 1, arbitrary: record({ type: constant("RegularExpression"), value: constantFrom("/a.*", "/a(") }) },
);

export const httpRoute: Arbitrary<object> = object(
  GATEWAY_API,
  "HTTPRoute",
  constantFrom("r1", "r2", "r3"),
  record({
    spec: merged(
      record({
        parentRefs,
        rules: array(
          merged(
            record({
              matches: array(record({ path: pathMatch }), { minLength: 1, maxLength: 2 }),
              backendRefs: array(backendRef, { maxLength: 2 }),
            }),
            ruleFilters,
          ),
          { minLength: 1, maxLength: 2 },
        ),
      }),
      optional("useDefaultGateways", constantFrom("All", "None")),
      optional("hostnames", uniqueArray(hostname, { minLength: 1, maxLength: 2 })),
    ),
  }),
);

export const grpcRoute: Arbitrary<object> = object(
  GATEWAY_API,
  "GRPCRoute",
  constantFrom("r1", "q1"),
  record({
    spec: record({
      parentRefs,
      rules: array(record({ backendRefs: array(backendRef, { minLength: 1, maxLength: 2 }) }), {
        minLength: 1,
        maxLength: 1,
      }),
    }),
  }),
);

const streamRules = array(record({ backendRefs: array(backendRef, { minLength: 1, maxLength: 2 }) }), {
  minLength: 1,
  maxLength: 1,
});
export const tcpRoute: Arbitrary<object> = object(
  GATEWAY_API,
  "TCPRoute",
  constantFrom("t1", "t2"),
  record({ spec: record({ parentRefs, rules: streamRules }) }),
);
export const udpRoute: Arbitrary<object> = object(
  GATEWAY_API,
  "UDPRoute",
  constant("u1"),
  record({ spec: record({ parentRefs, rules: streamRules }) }),
);
export const tlsRoute: Arbitrary<object> = object(
  GATEWAY_API,
  "TLSRoute",
  constantFrom("t1", "t2"),
  record({
    spec: record({ parentRefs, rules: streamRules, hostnames: uniqueArray(hostname, { minLength: 1, maxLength: 2 }) }),
  }),
);
