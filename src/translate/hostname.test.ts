import { describe, expect, test } from "vitest";
import { coversHostname, intersectHostnames, isNarrower } from "./hostname.ts";

describe("a wildcard hostname", () => {
  test.each([
    ["*", "a.example.com", true],
    ["*", "*", true],
    ["*", "*.com", true],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "*.b.example.com", true],
    ["*.example.com", "*.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", "notexample.com", false],
    ["*.example.com", "*.com", false],
    ["*.example.com", "*", false],
    ["a.example.com", "*.example.com", false],
    ["a.example.com", "a.example.com", true],
  ])("%s covers %s: %s", (outer, inner, covers) => {
    expect(coversHostname(outer, inner)).toBe(covers);
  });
});

describe("two hostnames meet", () => {
  test.each([
    ["*", "*", "*"],
    ["*", "a.example.com", "a.example.com"],
    ["*.com", "*.example.com", "*.example.com"],
    ["a.example.com", "*.example.com", "a.example.com"],
    ["a.example.com", "b.example.com", undefined],
    ["*.example.com", "*.example.org", undefined],
    ["*.example.com", "example.com", undefined],
  ])("%s and %s in %s, whichever comes first", (a, b, meeting) => {
    expect([intersectHostnames(a, b), intersectHostnames(b, a)]).toEqual([meeting, meeting]);
  });
});

test("a hostname is not narrower than itself", () => {
  expect([
    isNarrower("*.a.com", "*.a.com"),
    isNarrower("x.a.com", "*.a.com"),
    isNarrower("*.a.com", "x.a.com"),
  ]).toEqual([false, true, false]);
});
