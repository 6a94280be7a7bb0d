import { describe, expect, test } from "vitest";
import type { HTTPRouteFilter } from "../../resources/index.ts";
import { RuleDropped } from "../rules/rule-scope.ts";
import { checkFilterValues } from "./filter-values.ts";

const removing = (...remove: readonly string[]): HTTPRouteFilter => ({
  type: "RequestHeaderModifier",
  requestHeaderModifier: { remove },
});

/** What is told about the rule; undefined where it can be served. */
function toldAbout(rule: Parameters<typeof checkFilterValues>[0]): string | undefined {
  try {
    checkFilterValues(rule, "rule");
    return undefined;
  } catch (error) {
    if (error instanceof RuleDropped) return `${error.path}: ${error.message}`;
    throw error;
  }
}

describe("values of filters", () => {
  test("any name that some header could have may be removed, and any path written", () => {
    const filters: HTTPRouteFilter[] = [
      removing("x-a", "Host", "x:y", "a b", "é"),
      { type: "URLRewrite", urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "%\\1 \t?#é" } } },
    ];
    expect(toldAbout({ filters, backendRefs: [{ filters }, {}] })).toBeUndefined();
    expect(toldAbout({})).toBeUndefined();
  });

  test.each([
    ["", "an empty text is no header name; take it out"],
    [":path", '":path" is a pseudo header, which cannot be removed; take it out'],
    ["a\rb", '"a\\rb" has a line break or a NUL in it; take it out'],
    ["a\nb", '"a\\nb" has a line break or a NUL in it; take it out'],
    ["a\0b", '"a\\u0000b" has a line break or a NUL in it; take it out'],
  ])("%j cannot be removed", (name, message) => {
    expect(toldAbout({ filters: [removing("x", name)] })).toBe(
      `rule.filters[0].requestHeaderModifier.remove[1]: ${message}`,
    );
  });

  test("the place of a backend's filter is told, and the rule's own filters come first", () => {
    const backendRefs = [{}, { filters: [removing("x"), removing(":path")] }];
    expect(toldAbout({ backendRefs })).toMatch(
      /^rule\.backendRefs\[1\]\.filters\[1\]\.requestHeaderModifier\.remove\[0\]:/,
    );
    expect(toldAbout({ filters: [removing("")], backendRefs })).toMatch(/^rule\.filters\[0\]/);
  });
});
