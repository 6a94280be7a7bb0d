/** Resources to measure with: a Gateway, Services, and routes whose rules answer by redirecting, so that no backend is in the way. */
import type { KnownObject } from "../src/resources/index.ts";
import { validate } from "../src/resources/index.ts";

const API = "gateway.networking.k8s.io/v1";

export const gateway = (port: number): object => ({
  apiVersion: API,
  kind: "Gateway",
  metadata: { name: "bench", namespace: "default" },
  spec: { gatewayClassName: "trilith", listeners: [{ name: "http", port, protocol: "HTTP" }] },
});

export const hostOf = (index: number): string => `h${index}.example.com`;

/** A host of its own, with as many rules as asked; `version` is part of every path, so that a change can be seen from outside. */
export function hostRoute(index: number, rules: number, version: string): object {
  return httpRoute(
    `route-${index}`,
    hostOf(index),
    Array.from({ length: rules }, (_, rule) =>
      redirectRule({ path: { type: "PathPrefix", value: `/${version}/${rule}` } }),
    ),
  );
}

export type Dimension = "path" | "header" | "mixed";

/** A match that differs from all others of its dimension; every hundredth of the mixed ones is a regular expression. */
export function matchOf(dimension: Dimension, index: number): object {
  const prefix = { type: "PathPrefix", value: `/service-${index}/v1` };
  if (dimension === "path") return { path: prefix };
  if (dimension === "header")
    return { path: { type: "PathPrefix", value: "/" }, headers: [{ name: "x-tenant", value: `tenant-${index}` }] };
  return index % 100 === 99
    ? { path: { type: "RegularExpression", value: `/expression-${index}/[0-9]+` } }
    : { path: prefix };
}

export const redirectRule = (match: object): object => ({
  matches: [match],
  filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "elsewhere.example.com", statusCode: 302 } }],
});

/** A route may have 16 rules, so many rules are many routes of one host. */
export function routesOfHost(host: string, rules: readonly object[]): object[] {
  const size = 16;
  return Array.from({ length: Math.ceil(rules.length / size) }, (_, part) =>
    httpRoute(`${host.replaceAll(".", "-")}-${part}`, host, rules.slice(part * size, (part + 1) * size)),
  );
}

function httpRoute(name: string, host: string, rules: readonly object[]): object {
  return {
    apiVersion: API,
    kind: "HTTPRoute",
    metadata: { name, namespace: "default" },
    spec: { parentRefs: [{ name: "bench" }], hostnames: [host], rules },
  };
}

export function readable(value: object): KnownObject {
  const { object, problems } = validate(value);
  if (object === undefined) throw new Error(JSON.stringify(problems));
  return object;
}
