/** Random Services and XBackends, and the endpoints that either may have. */
import { type Arbitrary, array, boolean, constant, constantFrom, oneof, record, tuple, uniqueArray } from "fast-check";
import { merged, object, optional, serviceName } from "./random-parts.ts";

const servicePort = merged(
  constantFrom({ name: "p80", port: 80 }, { name: "p81", port: 81 }),
  record({ protocol: constantFrom("TCP", "TCP", "UDP") }),
  optional("appProtocol", constant("kubernetes.io/h2c")),
);

export const service: Arbitrary<object> = object(
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

export const endpointSlice: Arbitrary<object> = tuple(
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

export const pod: Arbitrary<object> = tuple(
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

export const xBackend: Arbitrary<object> = object(
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
