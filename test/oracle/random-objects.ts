/**
 * Random objects of every kind that translation reads, from small sets of names, so that references are met, missed, granted
 * and taken away again as objects come and go.
 */
import { type Arbitrary, array, constant, constantFrom, oneof, record, tuple } from "fast-check";
import { selfSignedCertificate } from "../support/certificate.ts";
import { endpointSlice, pod, service, xBackend } from "./random-backends.ts";
import { gateway, listenerSet } from "./random-gateways.ts";
import { GATEWAY_API, merged, namespace, object, optional } from "./random-parts.ts";
import { accessPolicy, backendPolicy, backendTlsPolicy, telemetryPolicy, trafficPolicy } from "./random-policies.ts";
import { grpcRoute, httpRoute, tcpRoute, tlsRoute, udpRoute } from "./random-routes.ts";

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

const mesh = constantFrom("trilith.dev/mesh-controller", "example.com/mesh").map((controllerName) => ({
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XMesh",
  metadata: { name: "mesh" },
  spec: { controllerName },
}));

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
