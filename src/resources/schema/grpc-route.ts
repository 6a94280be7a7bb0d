/** The schema of GRPCRoute. */
import type {
  GRPCBackendRef,
  GRPCHeaderMatch,
  GRPCMethodMatch,
  GRPCRoute,
  GRPCRouteMatch,
  GRPCRouteRule,
  GRPCRouteSpec,
} from "../types/grpc-route.ts";
import { hostname, list, listByKey, named, object, oneOf, sectionName, string } from "./construct.ts";
import { grpcFilters } from "./filters.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, grpcMethod, grpcService, headerName } from "./pattern.ts";
import { backendRef } from "./references.ts";
import { commonRouteFields, limitedMatches, sessionPersistence, uniqueRuleNames } from "./route.ts";
import { violationIf } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { routeStatus } from "./status.ts";

const matchType = oneOf(["Exact", "RegularExpression"], { default: "Exact" });

const method: Schema<GRPCMethodMatch> = object<GRPCMethodMatch>(
  { method: string({ maxLength: 1024 }), service: string({ maxLength: 1024 }), type: matchType },
  [],
  {
    rules: [
      {
        id: "One or both of 'service' or 'method' must be specified",
        find: ({ service, method }) =>
          violationIf(service === undefined && method === undefined, "names neither a service nor a method"),
      },
      {
        id: `service must only contain valid characters (matching ${grpcService.source})`,
        find: ({ type, service }) =>
          violationIf(
            type === "Exact" && service !== undefined && !grpcService.expression.test(service),
            `${JSON.stringify(service)} is not allowed: it must be ${grpcService.description}`,
            ["service"],
          ),
      },
      {
        id: `method must only contain valid characters (matching ${grpcMethod.source})`,
        find: ({ type, method }) =>
          violationIf(
            type === "Exact" && method !== undefined && !grpcMethod.expression.test(method),
            `${JSON.stringify(method)} is not allowed: it must be ${grpcMethod.description}`,
            ["method"],
          ),
      },
    ],
  },
);

const match: Schema<GRPCRouteMatch> = object<GRPCRouteMatch>({
  headers: listByKey<GRPCHeaderMatch>(
    object<GRPCHeaderMatch>(
      { name: named(headerName, 256), type: matchType, value: string({ minLength: 1, maxLength: 4096 }) },
      ["name", "value"],
    ),
    "name",
    { maxItems: 16 },
  ),
  method,
});

const rule: Schema<GRPCRouteRule> = object<GRPCRouteRule>({
  backendRefs: list<GRPCBackendRef>(backendRef<GRPCBackendRef>({ filters: grpcFilters }), { maxItems: 16 }),
  filters: grpcFilters,
  matches: list<GRPCRouteMatch>(match, { maxItems: 64 }),
  name: sectionName,
  sessionPersistence: { ...sessionPersistence, experimental: true },
});

export const grpcRouteSchema: Schema<GRPCRoute> = object<GRPCRoute>(
  {
    apiVersion: string(),
    kind: oneOf(["GRPCRoute"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<GRPCRouteSpec>({
      hostnames: list<string>(hostname, { maxItems: 16 }),
      ...commonRouteFields,
      rules: list<GRPCRouteRule>(rule, { maxItems: 16, rules: [uniqueRuleNames, limitedMatches] }),
    }),
    status: routeStatus,
  },
  ["spec"],
);
