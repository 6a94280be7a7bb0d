import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

const known = ["backendRefs", "matches", "filters", "timeouts", "name"];

test("a misspelt name finds the one that was meant", () => {
  expect(["backendRef", "BackendRefs", "mathces", "filter", "timeout"].map((name) => nearestName(name, known))).toEqual(
    ["backendRefs", "backendRefs", "matches", "filters", "timeouts"],
  );
});

test("a name that is like none finds none", () => {
  expect(["x", "retries", "n".repeat(100_000)].map((name) => nearestName(name, known))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
