import { describe, expect, test } from "vitest";
import type { HttpMatch, HttpRule } from "../../model/index.ts";
import { objectKey } from "../../resources/index.ts";
import { type MatchRank, rankedByPath } from "./match-rank.ts";
import { compareRankedEntries, type RankedEntry } from "./precedence.ts";

interface Sketch {
  readonly hostname?: string;
  readonly path?: HttpMatch["path"];
  readonly method?: string;
  readonly headers?: number;
  readonly params?: number;
  readonly createdAt?: string;
  readonly name?: string;
  readonly rule?: number;
  readonly match?: number;
  readonly preflight?: MatchRank["preflight"];
}

function ranked(sketch: Sketch): RankedEntry {
  const { name = "route", rule = 0 } = sketch;
  const value = (prefix: string) => (_: unknown, i: number) =>
    ({ name: `${prefix}${i}`, type: "Exact", value: "v" }) as const;
  const origin = { kind: "HTTPRoute", namespace: "default", name, rule } as const;
  const match: HttpMatch = {
    path: sketch.path ?? { type: "PathPrefix", value: "/" },
    ...(sketch.method && { method: sketch.method }),
    headers: Array.from({ length: sketch.headers ?? 0 }, value("h")),
    queryParams: Array.from({ length: sketch.params ?? 0 }, value("q")),
  };
  const httpRule: HttpRule = {
    origin,
    grpc: false,
    action: { kind: "respond", status: 500 },
    filters: { mirrors: [] },
  };
  return {
    routeHostname: sketch.hostname ?? "*",
    route: {
      kind: "HTTPRoute",
      namespace: "default",
      name,
      object: objectKey({ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "default", name }),
      createdAt: sketch.createdAt ?? "2026-01-01T00:00:00Z",
      generation: 1,
    },
    entry: { rule: httpRule, matchIndex: sketch.match ?? 0, match },
    rank: { ...rankedByPath(match).rank, preflight: sketch.preflight ?? "no" },
  };
}

describe("precedence within a virtual host", () => {
  // Each row beats the next one, whatever the later criteria say.
  const rows: readonly (readonly [string, Sketch, Sketch])[] = [
    [
      "a route's exact hostname beats a longer prefix",
      { hostname: "a.example.com" },
      { hostname: "*.example.com", path: { type: "PathPrefix", value: "/longer" } },
    ],
    [
      "a longer wildcard beats a shorter one",
      { hostname: "*.example.com" },
      { hostname: "*.com", path: { type: "Exact", value: "/x" } },
    ],
    ["a wildcard beats no hostname", { hostname: "*.com" }, { path: { type: "Exact", value: "/x" } }],
    [
      "an exact path beats a longer regular expression",
      { path: { type: "Exact", value: "/a" } },
      { path: { type: "RegularExpression", value: "/a.*long" } },
    ],
    [
      "a regular expression beats a prefix",
      { path: { type: "RegularExpression", value: "/." } },
      { path: { type: "PathPrefix", value: "/longer" } },
    ],
    [
      "a longer prefix beats a method",
      { path: { type: "PathPrefix", value: "/ab" } },
      { path: { type: "PathPrefix", value: "/a" }, method: "GET" },
    ],
    ["a method beats many headers", { method: "GET" }, { headers: 3 }],
    ["more headers beat more query parameters", { headers: 2 }, { headers: 1, params: 4 }],
    ["more query parameters beat age", { params: 1 }, { createdAt: "2020-01-01T00:00:00Z" }],
    ["the older route beats the alphabet", { createdAt: "2025-01-01T00:00:00Z", name: "z" }, { name: "a" }],
    ["the alphabet beats the rule order", { name: "a", rule: 3 }, { name: "b", rule: 0 }],
    ["the first rule beats the second", { rule: 0, match: 5 }, { rule: 1, match: 0 }],
    ["the first match beats the second", { match: 0 }, { match: 1 }],
  ];
  test.each(rows)("%s", (_, first, second) => {
    const [a, b] = [ranked(first), ranked(second)];
    expect([Math.sign(compareRankedEntries(a, b)), Math.sign(compareRankedEntries(b, a))]).toEqual([-1, 1]);
  });
});
