/** Every official test of Gateways is replayed, or it is said why not: a new release cannot bring one that nobody sees. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { NOT_REPLAYED } from "./not-replayed.ts";

const suite = inject("conformanceSuite");

test.skipIf(suite === undefined)("every official test is replayed or listed", () => {
  const official = namesIn(suite ?? "", "tests/*.go", /ShortName:\s+"(\w+)"/g);
  const replayed = namesIn(import.meta.dirname, "*.test.ts", /^replay\(\s*"(\w+)"/gm);
  const listed = Object.keys(NOT_REPLAYED);
  expect([...replayed, ...listed].toSorted()).toEqual(official.toSorted());
  const reasons = Object.entries(NOT_REPLAYED).map(([name, reason]) => `  ${name} ${reason}`);
  console.log(
    `${replayed.length} of ${official.length} official tests are replayed; the others:\n${reasons.join("\n")}`,
  );
});

function namesIn(folder: string, files: string, pattern: RegExp): string[] {
  return globSync(files, { cwd: folder }).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(pattern)].map(([, name = ""]) => name),
  );
}
