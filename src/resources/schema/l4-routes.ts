/** The schemas of TLSRoute, TCPRoute and UDPRoute: those of v1, and those of the older versions that allowed more. */
import { isIPv4 } from "../ip-address.ts";
import type { L4RouteRule, L4RouteSpec, TCPRoute, TLSRoute, TLSRouteSpec, UDPRoute } from "../types/l4-routes.ts";
import type { BackendRef } from "../types/references.ts";
import { hostname, list, object, oneOf, sectionName, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain } from "./pattern.ts";
import { backendRef } from "./references.ts";
import { commonRouteFields, uniqueRuleNames } from "./route.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { ListSchema, Schema } from "./schema.ts";
import { routeStatus } from "./status.ts";

const rule: Schema<L4RouteRule> = object<L4RouteRule>(
  { backendRefs: list<BackendRef>(backendRef<BackendRef>({}), { minItems: 1, maxItems: 16 }), name: sectionName },
  ["backendRefs"],
);

const oneRule: ListSchema<L4RouteRule> = list<L4RouteRule>(rule, { minItems: 1, maxItems: 1 });
const manyRules: ListSchema<L4RouteRule> = list<L4RouteRule>(rule, {
  minItems: 1,
  maxItems: 16,
  rules: [uniqueRuleNames],
});

/** A rule on each hostname by itself, which the CRD states on the list. */
function eachHostname(id: string, isWrong: (name: string) => boolean, message: string): Rule<readonly string[]> {
  return {
    id,
    find: (hostnames) =>
      hostnames.flatMap((name, index) => violationIf(isWrong(name), `"${name}" is not allowed: ${message}`, [index])),
  };
}

const hostnameRules: readonly Rule<readonly string[]>[] = [
  eachHostname(
    "Hostnames cannot contain an IP",
    (name) => isIPv4(name),
    "clients send no IP address as the server name of TLS",
  ),
  eachHostname(
    "Hostnames must be valid based on RFC-1123",
    (name) => !name.includes("*") && !dnsSubdomain.expression.test(name),
    `it must be ${dnsSubdomain.description}`,
  ),
  eachHostname(
    "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123",
    (name) => name.includes("*") && !(name.startsWith("*.") && dnsSubdomain.expression.test(name.slice(2))),
    "a wildcard stands for the first part only",
  ),
];

function tlsRoute(spec: Schema<TLSRouteSpec>): Schema<TLSRoute> {
  return object<TLSRoute>({ ...rootFields(), kind: oneOf(["TLSRoute"]), spec }, ["spec"]);
}

function rootFields() {
  return { apiVersion: string(), metadata: namespacedMetadata(dnsSubdomain, 253), status: routeStatus };
}

export const tlsRouteSchema: Schema<TLSRoute> = tlsRoute(
  object<TLSRouteSpec>(
    {
      hostnames: list<string>(hostname, { minItems: 1, maxItems: 1024, rules: hostnameRules }),
      ...commonRouteFields,
      rules: oneRule,
    },
    ["hostnames", "rules"],
  ),
);

export const tlsRouteV1alpha2Schema: Schema<TLSRoute> = tlsRoute(
  object<TLSRouteSpec>(
    { hostnames: list<string>(hostname, { maxItems: 1024 }), ...commonRouteFields, rules: manyRules },
    ["rules"],
  ),
);

const l4Spec = (rules: ListSchema<L4RouteRule>): Schema<L4RouteSpec> =>
  object<L4RouteSpec>({ ...commonRouteFields, rules }, ["rules"]);

const tcpRoute = (rules: ListSchema<L4RouteRule>): Schema<TCPRoute> =>
  object<TCPRoute>({ ...rootFields(), kind: oneOf(["TCPRoute"]), spec: l4Spec(rules) }, ["spec"]);

const udpRoute = (rules: ListSchema<L4RouteRule>): Schema<UDPRoute> =>
  object<UDPRoute>({ ...rootFields(), kind: oneOf(["UDPRoute"]), spec: l4Spec(rules) }, ["spec"]);

export const tcpRouteSchema: Schema<TCPRoute> = tcpRoute(oneRule);
export const tcpRouteV1alpha2Schema: Schema<TCPRoute> = tcpRoute(manyRules);
export const udpRouteSchema: Schema<UDPRoute> = udpRoute(oneRule);
export const udpRouteV1alpha2Schema: Schema<UDPRoute> = udpRoute(manyRules);
