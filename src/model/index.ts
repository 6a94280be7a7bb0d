/**
 * The model: what Gateway API resources mean together, as plain readonly data that knows neither Kubernetes nor Envoy.
 * `translate` makes it and `envoy` reads it; children point to their parents by key, never the other way round.
 */
export * from "./keys.ts";
export * from "./place.ts";
export * from "./probe.ts";
export * from "./provenance.ts";
export * from "./access.ts";
export * from "./backend.ts";
export * from "./backend-policy.ts";
export * from "./destination.ts";
export * from "./http.ts";
export * from "./mesh.ts";
export * from "./regular-expression.ts";
export * from "./resource-attributes.ts";
export * from "./socket.ts";
export * from "./spread-table.ts";
export * from "./tracing.ts";
export * from "./traffic.ts";
export * from "./workload.ts";
