/** Random policies, of every kind that translation reads. */
import { type Arbitrary, array, constant, constantFrom, oneof, record } from "fast-check";
import { GATEWAY_API, gatewayName, merged, namespace, object, optional, serviceName } from "./random-parts.ts";

export const backendTlsPolicy: Arbitrary<object> = object(
  GATEWAY_API,
  "BackendTLSPolicy",
  constantFrom("b1", "b2"),
  record({
    spec: record({
      targetRefs: array(
        merged(
          record({ group: constant(""), kind: constant("Service"), name: serviceName }),
          optional("sectionName", constant("p80")),
        ),
        { minLength: 1, maxLength: 1 },
      ),
      validation: oneof(
        constant({ wellKnownCACertificates: "System", hostname: "s.example.com" }),
        constant({ caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }], hostname: "s.example.com" }),
      ),
    }),
  }),
);

export const trafficPolicy: Arbitrary<object> = object(
  "gateway.networking.x-k8s.io/v1alpha1",
  "XBackendTrafficPolicy",
  constantFrom("t1", "t2"),
  record({
    spec: merged(
      record({
        targetRefs: constantFrom(
          [{ group: "", kind: "Service", name: "s1" }],
          [
            { group: "", kind: "Service", name: "s1" },
            { group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "x1" },
          ],
        ),
      }),
      optional("retryConstraint", constantFrom({}, { budget: { percent: 50 } })),
      optional("sessionPersistence", constant({ type: "Header", header: { name: "x-session" } })),
    ),
  }),
);

export const backendPolicy: Arbitrary<object> = object(
  "trilith.dev/v1alpha1",
  "BackendPolicy",
  constantFrom("w1", "w2"),
  record({
    spec: merged(
      record({
        targetRefs: oneof(
          merged(
            record({ group: constant(""), kind: constant("Service"), name: serviceName }),
            optional("sectionName", constant("p80")),
          ),
          constant({ group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "x1" }),
        ).map((target) => [target]),
        loadBalancing: constantFrom(
          { type: "Random" },
          { type: "ConsistentHash", consistentHash: { type: "Header", header: { name: "X-User" } } },
        ),
      }),
      optional("circuitBreaker", constant({ maxConnections: 10 })),
      optional("outlierDetection", constantFrom({ consecutive5xxErrors: 5 }, { consecutiveLocalErrors: 1 })),
      optional("healthCheck", constantFrom({ type: "TCP" }, { type: "HTTP", http: { path: "/" } }, { type: "GRPC" })),
    ),
  }),
);

export const accessPolicy: Arbitrary<object> = object(
  "trilith.dev/v1alpha1",
  "AccessPolicy",
  constantFrom("a1", "a2", "a3"),
  record({
    spec: record({
      targetRefs: gatewayName.map((name) => [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }]),
      mode: constantFrom("Enforce", "Audit"),
      action: constantFrom("Allow", "Deny"),
      rules: constantFrom(
        [{ requests: [{ paths: [{ type: "PathPrefix", value: "/a" }] }] }],
        [{ sources: [{ type: "Mesh" }, { type: "Identity", identity: "spiffe://example.org/web" }] }],
      ),
    }),
  }),
);

export const telemetryPolicy: Arbitrary<object> = object(
  "gateway.networking.x-k8s.io/v1alpha1",
  "XTelemetryPolicy",
  constantFrom("m1", "m2"),
  record({
    spec: record({
      targetRefs: oneof(
        gatewayName.map((name) => [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }]),
        constantFrom(
          [{ group: "gateway.networking.x-k8s.io", kind: "XMesh", name: "mesh" }],
          [{ group: "", kind: "ServiceAccount", name: "a1" }],
          [
            { group: "", kind: "Namespace", name: "one" },
            { group: "", kind: "ServiceAccount", name: "a1" },
          ],
        ),
      ),
      tracing: oneof(
        constant({ mode: "Disabled" }),
        merged(record({ name: serviceName, port: constantFrom(80, 81) }), optional("namespace", namespace)).map(
          (backendRef) => ({ mode: "Enabled", provider: { backendRef } }),
        ),
      ),
    }),
  }),
);
