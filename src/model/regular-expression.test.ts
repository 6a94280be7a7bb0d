import { describe, expect, test } from "vitest";
import { literalPrefixOf, quoteRegularExpression } from "./regular-expression.ts";

describe("the literal that an expression begins with", () => {
  test.each([
    ["/re/[a-z]+", "/re/"],
    ["^/a/b", "/a/b"],
    ["/a\\.b.*", "/a.b"],
    ["/ab*c", "/a"],
    ["/ab?c", "/a"],
    ["/ab{2}", "/a"],
    ["/ab+c", "/ab"],
    ["/a\\d", "/a"],
    ["/a|/b", ""],
    ["(?i)/a", ""],
    ["/a(?i)b", "/a"],
    ["(/a)", ""],
    [".*", ""],
    ["/a\\Qb+\\E", ""],
    ["/é+", "/"],
    ["/a/$", "/a/"],
  ])("of %s is %j", (expression, literal) => expect(literalPrefixOf(expression)).toBe(literal));
});

test("a quoted text matches itself alone", () => {
  const text = "a.b*c(d)[e]{f}^$|\\+?-/";
  expect(new RegExp(`^${quoteRegularExpression(text)}$`).test(text)).toBe(true);
});
