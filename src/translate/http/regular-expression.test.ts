import { describe, expect, test } from "vitest";
import { RuleDropped } from "../rules/rule-scope.ts";
import { checkRegularExpression } from "./regular-expression.ts";

describe("code points in regular expressions", () => {
  test.each(["\\x{ff}", "\\x{0}\\xff", "\\Q\\x{100}\\E", "\\Q\\x{100}", "\\\\x\\{100\\}", "é😀", "\\p{Greek}"])(
    "%s is taken",
    (expression) => {
      expect(() => checkRegularExpression(expression, "path")).not.toThrow();
    },
  );

  test.each(["\\x{100}", "[a-\\x{10ffff}]", "\\Qa\\E\\x{d800}", "\\\\\\x{100}"])(
    "%s leaves its rule out: Envoy compares bytes",
    (expression) => {
      expect(() => checkRegularExpression(expression, "path")).toThrow(RuleDropped);
    },
  );
});
