import { describe, expect, test } from "vitest";
import { type AccessRules, isClosedToOutside } from "./access.ts";

const outside = [{ kind: "outside" }] as const;
const mesh = [{ kind: "mesh" }] as const;
const rule = { name: "shop/a#0" };

describe("whoever is outside the mesh", () => {
  test.each<[string, AccessRules]>([
    ["everything from there is denied", { deny: [{ ...rule, sources: outside }] }],
    ["everything is denied", { deny: [rule] }],
    ["nothing is allowed", { deny: [], allow: [] }],
    ["those in the mesh alone are allowed", { deny: [], allow: [{ ...rule, sources: mesh }] }],
    ["only what must be HTTP is allowed", { deny: [], allow: [{ ...rule, requests: [{ methods: ["GET"] }] }] }],
  ])("gets through with nothing where %s", (_, rules) => {
    expect(isClosedToOutside(rules)).toBe(true);
  });

  test.each<[string, AccessRules]>([
    ["there are no rules", { deny: [] }],
    ["those in the mesh are denied", { deny: [{ ...rule, sources: mesh }] }],
    ["one port is denied", { deny: [{ ...rule, sources: outside, requests: [{ ports: [80] }] }] }],
    ["everything is allowed", { deny: [], allow: [rule] }],
    ["a port is allowed", { deny: [], allow: [{ ...rule, requests: [{ methods: ["GET"] }, { ports: [80] }] }] }],
  ])("may get through with something where %s", (_, rules) => {
    expect(isClosedToOutside(rules)).toBe(false);
  });
});
