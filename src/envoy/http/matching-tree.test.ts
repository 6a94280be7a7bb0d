import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { entryOf, forwardTo, hostOf, matchOf, ruleOf, weighted } from "../../../test/support/http-model.ts";
import type { MatchOptions } from "../../../test/support/http-model.ts";
import { VirtualHostSchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { HttpEntry } from "../../model/index.ts";
import { LONGEST_LIST, matchingTreeOf } from "./matching-tree.ts";
import type { MatchNode } from "./matching-tree.ts";
import { routesOfEntry } from "./routes.ts";
import { virtualHostOf } from "./virtual-host.ts";

const entry = (name: string, path: string, options: MatchOptions = {}): HttpEntry =>
  entryOf(matchOf(path, options), ruleOf(name, forwardTo(weighted("cart"))));
const several = (count: number, make: (index: number) => HttpEntry): HttpEntry[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** The tree with entries by name. */
function shapeOf(node: MatchNode): unknown {
  const named = (nodes: ReadonlyMap<string, MatchNode>): unknown =>
    Object.fromEntries([...nodes].map(([key, inner]) => [key, shapeOf(inner)]));
  switch (node.kind) {
    case "routes":
      return node.entries.map(({ rule }) => rule.origin.name).join(" ");
    case "paths":
      return { exact: named(node.exact), prefixes: named(node.prefixes) };
    case "values":
      return { [node.header]: named(node.values), ...(node.otherwise && { otherwise: shapeOf(node.otherwise) }) };
    case "sequence":
      return node.steps.map(({ conditions, node: inner }) => [
        conditions.map(({ header, type, value }) => `${header} ${type} ${value}`).join(" and "),
        shapeOf(inner),
      ]);
  }
}

function namesIn(node: MatchNode): string[] {
  switch (node.kind) {
    case "routes":
      return node.entries.map(({ rule }) => rule.origin.name);
    case "paths":
      return [...node.exact.values(), ...node.prefixes.values()].flatMap(namesIn);
    case "values":
      return [...node.values.values(), ...(node.otherwise ? [node.otherwise] : [])].flatMap(namesIn);
    case "sequence":
      return node.steps.flatMap(({ node: inner }) => namesIn(inner));
  }
}

describe("a matching tree", () => {
  test("is a list for few entries, without those that can never be reached", () => {
    const entries = [
      ...several(3, (index) => entry(`e${index}`, `/${index}*`)),
      entry("all", "/*"),
      entry("never", "/x"),
    ];
    expect(shapeOf(matchingTreeOf(entries))).toBe("e0 e1 e2 all");
  });

  test("finds paths by exact and prefix keys; a list that cannot fail ends the search", () => {
    const filler = several(LONGEST_LIST, (index) => entry(`f${index}`, `/f/${index}*`));
    const entries = [
      entry("exact", "/a"),
      ...filler,
      entry("long", "/a/b*", { method: "GET" }),
      entry("short", "/a*"),
      entry("root", "/*"),
    ];
    expect(shapeOf(matchingTreeOf(entries))).toEqual({
      exact: { "/a/": "exact" },
      prefixes: {
        ...Object.fromEntries(filler.map(({ rule }, index) => [`/f/${index}/`, rule.origin.name])),
        "/a/b/": [[":method exact GET", "long"]],
        "/a/": "short",
        "/": "root",
      },
    });
  });

  test("tells entries of one path apart by the header whose values differ, then by what remains", () => {
    const tenants = several(LONGEST_LIST + 1, (index) =>
      entry(`t${index}`, "/*", { headers: { tenant: `${index}`, zone: "a" } }),
    );
    expect(shapeOf(matchingTreeOf([...tenants, entry("all", "/*")]))).toEqual({
      tenant: Object.fromEntries(tenants.map(({ rule }, index) => [`${index}`, [["zone exact a", rule.origin.name]]])),
      otherwise: "all",
    });
  });

  test("keeps an earlier entry before later ones that it overlaps", () => {
    const late = several(LONGEST_LIST + 1, (index) => entry(`l${index}`, `/x/${index}*`));
    const entries = [entry("first", "/x*", { headers: { a: "~1.*" } }), ...late];
    expect(shapeOf(matchingTreeOf(entries))).toEqual([
      ["x-trilith-route-path prefix /x/ and a regex 1.*", "first"],
      [
        "",
        { exact: {}, prefixes: Object.fromEntries(late.map(({ rule }, index) => [`/x/${index}/`, rule.origin.name])) },
      ],
    ]);
  });

  test("puts what may follow behind an entry whose condition no matcher can ask", () => {
    const filler = several(LONGEST_LIST, (index) => entry(`f${index}`, `/f/${index}*`));
    const entries = [
      ...filler,
      entry("odd", "/a/b*", { query: { q: "~1.*" } }),
      entry("short", "/a*"),
      entry("other", "/o*"),
    ];
    const tree = matchingTreeOf([...entries, entry("root", "/*")]);
    expect(tree.kind === "paths" && shapeOf(tree.prefixes.get("/a/b/") ?? tree)).toBe("odd short root");
  });

  test("stays a list where too many such entries would copy too much", () => {
    const odd = several(40, (index) => entry(`o${index}`, `/a/b/${index}*`, { query: { q: "~1.*" } }));
    const rest = several(40, (index) => entry(`r${index}`, "/*", { headers: { tenant: `${index}` } }));
    expect(matchingTreeOf([...odd, ...rest]).kind).toBe("routes");
  });

  test("grows with the logarithm of a parameter's values", () => {
    const entries = several(1000, (index) => entry(`q${index}`, "/*", { query: { user: `u${1000 + index}` } }));
    const steps = (node: MatchNode): number =>
      node.kind === "sequence"
        ? node.steps.length + Math.max(...node.steps.map(({ node: inner }) => steps(inner)))
        : namesIn(node).length;
    const tree = matchingTreeOf(entries);
    expect(namesIn(tree).sort()).toEqual(entries.map(({ rule }) => rule.origin.name).sort());
    expect(steps(tree)).toBeLessThanOrEqual(30);
  });
});

describe("the size of a host", () => {
  const prefixes = several(10_000, (index) => entry(`prefix-${index}`, `/api/v1/service-${index}*`));
  const rootRules = several(1000, (index) => entry(`root-${index}`, "/*", { headers: { tenant: `t${index}` } }));
  const bytesOf = (entries: readonly HttpEntry[]): { readonly tree: number; readonly list: number } => {
    const host = hostOf("shop.test", entries);
    const routes = entries.flatMap((one) => [...routesOfEntry(one, { host, scheme: "http" })]);
    return {
      tree: toBinary(VirtualHostSchema, virtualHostOf(host, { scheme: "http" })).length,
      list: toBinary(VirtualHostSchema, create(VirtualHostSchema, { routes })).length,
    };
  };

  test.each([
    ["that begin alike", (index: number) => `~/re/${index}/[a-z]+/x[0-9]*`],
    ["that may match any path", (index: number) => `~.*/${index}/[a-z]+/x[0-9]*`],
  ])(
    "of 1,000 rules on / and 1,000 expressions %s beside 10,000 prefixes is at most three times the rules'",
    (_, expression) => {
      const regexes = several(1000, (index) => entry(`regex-${index}`, expression(index)));
      const entries = [...regexes, ...prefixes, ...rootRules];
      expect(namesIn(matchingTreeOf(entries)).sort()).toEqual(entries.map(({ rule }) => rule.origin.name).sort());
      const { tree, list } = bytesOf(entries);
      expect(tree).toBeLessThan(3 * list);
      expect(tree).toBeLessThan(3 * 1024 * 1024);
    },
  );
});
