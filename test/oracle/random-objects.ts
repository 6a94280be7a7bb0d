/**
 * Random objects of every kind that translation reads, from small sets of names, so that references are met, missed, granted
 * and taken away again as objects come and go.
 */
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  tuple,
  uniqueArray,
} from "fast-check";
import { selfSignedCertificate } from "../support/certificate.ts";
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
import { accessPolicy, backendPolicy, backendTlsPolicy, telemetryPolicy, trafficPolicy } from "./random-policies.ts";

const allowedRoutes = constantFrom(
  {},
  { allowedRoutes: { namespaces: { from: "All" } } },
  { allowedRoutes: { namespaces: { from: "Selector", selector: { matchLabels: { team: "x" } } } } },
  { allowedRoutes: { kinds: [{ kind: "GRPCRoute" }], namespaces: { from: "All" } } },
);

const certificateRefs = constantFrom([{ name: "cert" }], [{ name: "cert", namespace: "two" }], [{ name: "missing" }]);

const listenerFilter = record({ name: serviceName, namespace, port: constantFrom(80, 81) }).map((backendRef) => ({
  type: "ExternalAuth",
  externalAuth: { protocol: "HTTP", backendRef, http: {} },
}));

const listener = (index: number): Arbitrary<object> =>
  oneof(
    merged(
      record({ protocol: constant("HTTP"), port: constantFrom(80, 8080) }),
      optional("hostname", hostname),
      allowedRoutes,
    ),
    merged(
      record({
        protocol: constant("HTTP"),
        port: constant(80),
        filters: record({ requests: array(listenerFilter, { minLength: 1, maxLength: 2 }) }),
      }),
      optional("hostname", hostname),
      allowedRoutes,
    ),
    merged(
      record({ protocol: constant("HTTPS"), port: constant(443), tls: record({ certificateRefs }) }),
      optional("hostname", hostname),
      allowedRoutes,
    ),
    merged(
      record({ protocol: constant("TLS"), port: constant(443), tls: constant({ mode: "Passthrough" }) }),
      optional("hostname", hostname),
      allowedRoutes,
    ),
    merged(record({ protocol: constantFrom("TCP", "UDP"), port: constantFrom(80, 9000) }), allowedRoutes),
  ).map((value) => ({ name: `l${index}`, ...value }));

const listeners = integer({ min: 1, max: 3 }).chain((count) =>
  tuple(...Array.from({ length: count }, (_, i) => listener(i))),
);

const authorities = ["one", "two"].map((from) => [{ group: "", kind: "ConfigMap", name: "ca", namespace: from }]);
const gatewayTls = [
  { backend: { clientCertificateRef: { name: "cert" } } },
  { backend: { clientCertificateRef: { name: "cert", namespace: "two" } } },
  ...authorities.map((caCertificateRefs) => ({ frontend: { default: { validation: { caCertificateRefs } } } })),
];

const gateway = object(
  GATEWAY_API,
  "Gateway",
  gatewayName,
  record({
    spec: merged(
      record({
        gatewayClassName: constantFrom("trilith", "trilith", "other"),
        listeners: listeners.filter(hasDistinctListeners),
      }),
      optional("defaultScope", constantFrom("All", "None")),
      optional(
        "allowedListeners",
        constantFrom(
          { namespaces: { from: "All" } },
          { namespaces: { from: "All" } },
          { namespaces: { from: "Same" } },
          { namespaces: { from: "Selector", selector: { matchLabels: { team: "x" } } } },
        ),
      ),
      optional("tls", constantFrom(...gatewayTls)),
    ),
  }),
);

const mesh = constantFrom("trilith.dev/mesh-controller", "example.com/mesh").map((controllerName) => ({
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XMesh",
  metadata: { name: "mesh" },
  spec: { controllerName },
}));

/** The API refuses listeners of equal port, protocol and hostname. */
function hasDistinctListeners(list: readonly object[]): boolean {
  const keys = list.map((value) => {
    const { port, protocol, hostname: host } = value as { port: number; protocol: string; hostname?: string };
    return `${port}/${protocol}/${host}`;
  });
  return new Set(keys).size === keys.length;
}

const listenerSet = object(
  GATEWAY_API,
  "ListenerSet",
  constantFrom("ls1", "ls2", "g1"),
  record({
    spec: record({
      parentRef: record({ name: gatewayName, namespace }),
      listeners: listeners.filter(hasDistinctListeners),
    }),
  }),
);

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

const httpRoute = object(
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

const grpcRoute = object(
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
const tcpRoute = object(
  GATEWAY_API,
  "TCPRoute",
  constantFrom("t1", "t2"),
  record({ spec: record({ parentRefs, rules: streamRules }) }),
);
const udpRoute = object(
  GATEWAY_API,
  "UDPRoute",
  constant("u1"),
  record({ spec: record({ parentRefs, rules: streamRules }) }),
);
const tlsRoute = object(
  GATEWAY_API,
  "TLSRoute",
  constantFrom("t1", "t2"),
  record({
    spec: record({ parentRefs, rules: streamRules, hostnames: uniqueArray(hostname, { minLength: 1, maxLength: 2 }) }),
  }),
);

const referringKinds = ["GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "Gateway", "ListenerSet", "XTelemetryPolicy"];

const referenceGrant = object(
  GATEWAY_API,
  "ReferenceGrant",
  constantFrom("rg1", "rg2"),
  record({
    spec: record({
      from: array(
        record({
          group: constantFrom("gateway.networking.k8s.io", "gateway.networking.k8s.io", "example.com"),
          kind: constantFrom("HTTPRoute", "HTTPRoute", ...referringKinds),
          namespace,
        }),
        { minLength: 1, maxLength: 2 },
      ),
      to: array(
        oneof(
          merged(
            record({ group: constant(""), kind: constantFrom("Service", "Secret", "ConfigMap") }),
            optional("name", constantFrom("s1", "s2", "cert", "ca")),
          ),
          merged(
            record({ group: constant("gateway.networking.x-k8s.io"), kind: constant("XBackend") }),
            optional("name", constantFrom("x1", "x2")),
          ),
        ),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  }),
);

const servicePort = merged(
  constantFrom({ name: "p80", port: 80 }, { name: "p81", port: 81 }),
  record({ protocol: constantFrom("TCP", "TCP", "UDP") }),
  optional("appProtocol", constant("kubernetes.io/h2c")),
);

const service = object(
  "v1",
  "Service",
  serviceName,
  record({
    spec: oneof(
      record({
        ports: uniqueArray(servicePort, {
          minLength: 1,
          maxLength: 2,
          selector: (port) => (port as { name: string }).name,
        }),
      }),
      constant({ type: "ExternalName", externalName: "outside.example.net", ports: [{ port: 80 }] }),
    ),
  }),
);

const endpointSlice = tuple(
  object(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    constantFrom("e1", "e2"),
    record({
      addressType: constant("IPv4"),
      endpoints: array(
        merged(
          record({ addresses: constantFrom(["10.0.0.1"], ["10.0.0.2"]) }),
          optional("conditions", record({ ready: boolean() })),
        ),
        { maxLength: 2 },
      ),
      ports: constantFrom(
        [{ name: "p80", port: 8080 }],
        [
          { name: "p81", port: 8081 },
          { name: "p80", port: 8080 },
        ],
      ),
    }),
  ),
  serviceName,
).map(([slice, of]) => {
  const { metadata, ...rest } = slice as { metadata: object };
  return { ...rest, metadata: { ...metadata, labels: { "kubernetes.io/service-name": of } } };
});

const pod = tuple(
  object(
    "v1",
    "Pod",
    constantFrom("p1", "p2"),
    record({
      status: record({
        podIPs: constantFrom([{ ip: "10.0.1.1" }], [{ ip: "10.0.1.2" }]),
        conditions: constantFrom([{ type: "Ready", status: "True" }], [{ type: "Ready", status: "False" }]),
      }),
    }),
  ),
  constantFrom({ app: "a" }, { app: "a", tier: "b" }),
).map(([value, labels]) => {
  const { metadata, ...rest } = value as { metadata: object };
  return { ...rest, metadata: { ...metadata, labels } };
});

const xBackend = object(
  "gateway.networking.x-k8s.io/v1alpha1",
  "XBackend",
  constantFrom("x1", "x2"),
  record({
    spec: record({
      type: constant("EndpointSelector"),
      port: record({ number: constantFrom(80, 81) }),
      endpointSelector: record({ matchLabels: constantFrom({ app: "a" }, { app: "a", tier: "b" }) }),
    }),
  }),
);

const namespaceObject = tuple(namespace, constantFrom({ team: "x" }, { team: "y" })).map(([name, labels]) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
}));

/** Objects with certificates, which take a moment to make. */
export async function randomObject(): Promise<Arbitrary<object>> {
  const { certificate, key } = await selfSignedCertificate("a.example.com");
  const other = await selfSignedCertificate("b.example.com");
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const secret = object(
    "v1",
    "Secret",
    constant("cert"),
    constantFrom(
      { type: "kubernetes.io/tls", data: { "tls.crt": encoded(certificate), "tls.key": encoded(key) } },
      { type: "kubernetes.io/tls", data: { "tls.crt": encoded(certificate), "tls.key": encoded(other.key) } },
    ),
  );
  const configMap = object(
    "v1",
    "ConfigMap",
    constant("ca"),
    constantFrom({ data: { "ca.crt": certificate } }, { data: { "ca.crt": other.certificate } }, { data: {} }),
  );
  return oneof(
    { weight: 3, arbitrary: gateway },
    { weight: 2, arbitrary: listenerSet },
    { weight: 4, arbitrary: httpRoute },
    { weight: 1, arbitrary: grpcRoute },
    { weight: 1, arbitrary: tcpRoute },
    { weight: 1, arbitrary: udpRoute },
    { weight: 1, arbitrary: tlsRoute },
    { weight: 2, arbitrary: referenceGrant },
    { weight: 2, arbitrary: service },
    { weight: 2, arbitrary: endpointSlice },
    { weight: 1, arbitrary: backendTlsPolicy },
    { weight: 1, arbitrary: pod },
    { weight: 1, arbitrary: trafficPolicy },
    { weight: 1, arbitrary: backendPolicy },
    { weight: 1, arbitrary: accessPolicy },
    { weight: 1, arbitrary: telemetryPolicy },
    { weight: 1, arbitrary: mesh },
    { weight: 1, arbitrary: xBackend },
    { weight: 1, arbitrary: namespaceObject },
    { weight: 1, arbitrary: secret },
    { weight: 1, arbitrary: configMap },
  );
}
