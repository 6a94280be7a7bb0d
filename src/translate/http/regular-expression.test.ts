import { describe, expect, test } from "vitest";
import { RuleDropped } from "../rules/rule-scope.ts";
import { servableExpression, widerExpression } from "./regular-expression.ts";

describe("code points in regular expressions", () => {
  test.each(["\\x{ff}", "\\x{0}\\xff", "\\Q\\x{100}\\E", "\\Q\\x{100}", "\\\\x\\{100\\}", "é😀", "\\p{Greek}"])(
    "%s is taken",
    (expression) => {
      expect(() => servableExpression(expression, "path")).not.toThrow();
    },
  );

  test.each(["\\x{100}", "[a-\\x{10ffff}]", "\\Qa\\E\\x{d800}", "\\\\\\x{100}"])(
    "%s leaves its rule out: Envoy compares bytes",
    (expression) => {
      expect(() => servableExpression(expression, "path")).toThrow(RuleDropped);
    },
  );
});

describe("groups of characters", () => {
  test.each(["\\p{Greek}", "\\P{^Lu}", "\\pN", "[\\p{Any}\\PL]", "\\Q\\p{Emoji}\\E", "\\\\p\\{Emoji\\}"])(
    "%s is taken",
    (expression) => {
      expect(servableExpression(expression, "path")).toBe(expression);
    },
  );

  test.each(["\\p{Garay}", "\\p{^Emoji}", "[\\P{Cn}]", "\\\\\\p{LC}", "\\p{Nothing}"])(
    "%s leaves its rule out: Envoy does not know it",
    (expression) => {
      expect(() => servableExpression(expression, "path")).toThrow(RuleDropped);
    },
  );
});

describe("an expression that cannot be served is widened to", () => {
  test.each([
    ["/admin/(?=x)", "/admin/.*"],
    ["/admin/[", "/admin/.*"],
    ["/a.b\\x{100}", "/a.*"],
    ["/v1\\.0/(", "/v1\\.0/.*"],
    ["(", ".*"],
    ["", ".*"],
    ["/a(|/b", ".*"],
    [`/${"a".repeat(5000)}`, `/${"a".repeat(255)}.*`],
    ["/good/[a-z]+", "/good/[a-z]+"],
  ])("%j: %j", (expression, wider) => {
    expect(widerExpression(expression, "path")).toBe(wider);
    expect(() => servableExpression(wider, "path")).not.toThrow();
  });
});
