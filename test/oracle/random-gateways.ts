/** Random Gateways and ListenerSets. */
import { type Arbitrary, array, constant, constantFrom, integer, oneof, record, tuple } from "fast-check";
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

export const gateway: Arbitrary<object> = object(
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

/** The API refuses listeners of equal port, protocol and hostname. */
function hasDistinctListeners(list: readonly object[]): boolean {
  const keys = list.map((value) => {
    const { port, protocol, hostname: host } = value as { port: number; protocol: string; hostname?: string };
    return `${port}/${protocol}/${host}`;
  });
  return new Set(keys).size === keys.length;
}

export const listenerSet: Arbitrary<object> = object(
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
