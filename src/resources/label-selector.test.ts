import { describe, expect, test } from "vitest";
import { matchesSelector } from "./label-selector.ts";
import type { LabelSelector } from "./types/meta.ts";

const labels = { app: "shop", tier: "web" };

describe("a label selector", () => {
  test("matches when all its labels and expressions do", () => {
    const expressions = [
      { key: "tier", operator: "In", values: ["web", "api"] },
      { key: "app", operator: "Exists" },
      { key: "canary", operator: "DoesNotExist" },
      { key: "absent", operator: "NotIn", values: ["x"] },
    ];
    expect(matchesSelector({ matchLabels: { app: "shop" }, matchExpressions: expressions }, labels)).toBe(true);
  });

  test.each<LabelSelector>([
    { matchLabels: { app: "other" } },
    { matchLabels: { toString: "x" } },
    { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["web"] }] },
    { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
    { matchExpressions: [{ key: "canary", operator: "Exists" }] },
    { matchExpressions: [{ key: "app", operator: "Equals", values: ["shop"] }] },
  ])("does not match when one of them does not: %j", (selector) => {
    expect(matchesSelector(selector, labels)).toBe(false);
  });

  test("matches everything when empty, and nothing when absent", () => {
    expect([matchesSelector({}, undefined), matchesSelector(undefined, labels)]).toEqual([true, false]);
  });
});
