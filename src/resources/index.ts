/**
 * Resources: the kinds of the Gateway API and of core Kubernetes that Trilith reads, as types of validated and defaulted
 * objects, with their keys and the small rules that all of Trilith shares.
 */
export * from "./age.ts";
export * from "./base64.ts";
export * from "./duration.ts";
export * from "./json.ts";
export * from "./kinds.ts";
export * from "./label-selector.ts";
export * from "./merge-conditions.ts";
export * from "./object-data.ts";
export * from "./object-key.ts";
export * from "./strategic-merge.ts";
export * from "./types/access-policy.ts";
export * from "./types/backend-policy.ts";
export * from "./types/backend-tls-policy.ts";
export * from "./types/cluster-trust-bundle.ts";
export * from "./types/config-map.ts";
export * from "./types/endpoint-slice.ts";
export * from "./types/gateway-class.ts";
export * from "./types/gateway-parameters.ts";
export * from "./types/gateway.ts";
export * from "./types/grpc-route.ts";
export * from "./types/http-filters.ts";
export * from "./types/http-route.ts";
export * from "./types/l4-routes.ts";
export * from "./types/listener-set.ts";
export * from "./types/meta.ts";
export * from "./types/namespace.ts";
export * from "./types/pod.ts";
export * from "./types/reference-grant.ts";
export * from "./types/references.ts";
export * from "./types/route.ts";
export * from "./types/secret.ts";
export * from "./types/service.ts";
export * from "./types/status.ts";
export * from "./types/x-backend.ts";
export * from "./types/workload.ts";
export * from "./types/x-backend-traffic-policy.ts";
export * from "./types/x-mesh.ts";
export * from "./types/x-telemetry-policy.ts";
export * from "./ip-address.ts";
export { formatPath, type FieldPath, type Problem, type ProblemKind } from "./schema/problem.ts";
export { type Rule, type Violation } from "./schema/rule.ts";
export type { AnyListSchema, AnyMapSchema, AnyObjectSchema, AnySchema, Schema } from "./schema/schema.ts";
export { schemas, type KindSchema } from "./schema/schemas.ts";
export { validate, type ValidateOptions, type Validation } from "./schema/validate.ts";
export { type PodMetadata, workloadOf } from "./workload.ts";
