import { describe, expect, test } from "vitest";
import { otherWordsExpression } from "./regular-expression.ts";

describe("every text but some words", () => {
  const names = ["", "a", "b", "ab", "abc", "abcd", "ac", "xa", "a-b", "]", "^", "te", "t", "trailer"];
  test.each([[["a"]], [["abc"]], [["abc", "ab"]], [["te", "trailer", "b"]], [["]", "^", "a-b"]]])("%j", (words) => {
    const expression = new RegExp(`^(?:${otherWordsExpression(words, "=&")})$`);
    expect(names.filter((name) => expression.test(name))).toEqual(names.filter((name) => !words.includes(name)));
    expect(expression.test("=")).toBe(false);
  });
});
