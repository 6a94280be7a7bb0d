import { describe, expect, test } from "vitest";
import { literalPrefixOf, otherWordsExpression, quoteRegularExpression } from "./regular-expression.ts";

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

describe("every text but some words", () => {
  const names = ["", "a", "b", "ab", "abc", "abcd", "ac", "xa", "a-b", "]", "^", "te", "t", "trailer"];
  test.each([[["a"]], [["abc"]], [["abc", "ab"]], [["te", "trailer", "b"]], [["]", "^", "a-b"]]])("%j", (words) => {
    const expression = new RegExp(`^(?:${otherWordsExpression(words, "=&")})$`);
    expect(names.filter((name) => expression.test(name))).toEqual(names.filter((name) => !words.includes(name)));
    expect(expression.test("=")).toBe(false);
  });
});
