import { expect, test } from "vitest";
import { strippedSource } from "./strip-sources.ts";

test("types go, lines and columns stay, and modules are imported by their new names", () => {
  const source = [
    'import { type Kind, kinds } from "../resources/index.ts";',
    'export { one } from "./one.ts";',
    'const name: string = "a.ts";',
    'const late = await import("./late.ts");',
  ].join("\n");
  expect(strippedSource(source)).toBe(
    [
      'import {            kinds } from "../resources/index.js";',
      'export { one } from "./one.js";',
      'const name         = "a.ts";',
      'const late = await import("./late.js");',
    ].join("\n"),
  );
});
