/**
 * Many rules on one host, in the shapes that the bench compares: what the rules are, and a request for each. Each rule
 * answers with a redirect of its own, so that nothing but the proxy is measured and every answer says whose it is.
 */
import { gateway, type Manifest, route, under } from "../test/support/manifests.ts";
import type { LoadRequest } from "./load-generator.ts";

export const HOST = "bench.test";
/** The most that an HTTPRoute may have. */
const RULES_OF_A_ROUTE = 16;

export interface MatchCase {
  readonly match: object;
  /** Meets this match and no other of its shape. */
  readonly request: LoadRequest;
}

export interface Shape {
  readonly name: string;
  caseOf(index: number): MatchCase;
}

export const byPrefix: Shape = {
  name: "path prefixes",
  caseOf: (index) => ({ match: under(`/p${index}`), request: { path: `/p${index}/items` } }),
};

export const byHeader: Shape = {
  name: "values of a header",
  caseOf: (index) => ({
    match: { ...under("/"), headers: [{ name: "x-tenant", value: `tenant-${index}` }] },
    request: { path: "/items", header: { name: "x-tenant", value: `tenant-${index}` } },
  }),
};

/** Rules on `/` with a header of a name of their own, which no value can tell apart. */
export const onRoot: Shape = {
  name: "rules on /",
  caseOf: (index) => ({
    match: { ...under("/"), headers: [{ name: `x-feature-${index}`, value: "on" }] },
    request: { path: "/items", header: { name: `x-feature-${index}`, value: "on" } },
  }),
};

export const byExpression: Shape = {
  name: "regular expressions",
  caseOf: (index) => ({
    match: { path: { type: "RegularExpression", value: `/e${index}/[0-9]+/items` } },
    request: { path: `/e${index}/42/items` },
  }),
};

/** One rule of a hundred is a regular expression, the first among them. */
export const mixed: Shape = {
  name: "prefixes, 1 % expressions",
  caseOf: (index) => (index % 100 === 0 ? byExpression : byPrefix).caseOf(index),
};

export const casesOf = (shape: Shape, count: number): readonly MatchCase[] =>
  Array.from({ length: count }, (_, index) => shape.caseOf(index));

/** Where the rule at a position sends its requests. */
export const targetOf = (index: number): string => `rule-${index}.test`;

/** Routes of the host with a rule for each case, in order. */
export function routesOf(cases: readonly MatchCase[], host: string = HOST): readonly Manifest[] {
  return Array.from({ length: Math.ceil(cases.length / RULES_OF_A_ROUTE) }, (_, index) => {
    const from = index * RULES_OF_A_ROUTE;
    const rules = cases
      .slice(from, from + RULES_OF_A_ROUTE)
      .map(({ match }, offset) => ({ matches: [match], filters: [redirectTo(targetOf(from + offset))] }));
    return route({ name: `${host}-${String(index).padStart(5, "0")}`, parent: "edge", hostnames: [host], rules });
  });
}

/** A route of one rule. */
export const redirectingRoute = (name: string, host: string, target: string): Manifest =>
  route({ name, parent: "edge", hostnames: [host], rules: [{ filters: [redirectTo(target)] }] });

export const edgeGateway = (port: number): Manifest => gateway("edge", [{ name: "http", port }]);

function redirectTo(hostname: string): object {
  return { type: "RequestRedirect", requestRedirect: { scheme: "http", hostname, statusCode: 302 } };
}
