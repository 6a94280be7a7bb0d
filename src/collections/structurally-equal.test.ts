import { expect, test } from "vitest";
import { structurallyEqual } from "./structurally-equal.ts";

test("plain data is equal by content", () => {
  const make = (): unknown => ({ a: [1, "two", null, undefined, Number.NaN, 3n], b: { c: new Uint8Array([1, 2]) } });
  expect(structurallyEqual(make(), make())).toBe(true);
});

test.each<[string, unknown, unknown]>([
  ["another value", { a: 1 }, { a: 2 }],
  ["another type", { a: 1 }, { a: "1" }],
  ["null and an object", null, {}],
  ["a property more", { a: 1 }, { a: 1, b: 2 }],
  ["a property of another name", { a: undefined }, { b: undefined }],
  ["undefined and absent", { a: 1, b: undefined }, { a: 1 }],
  ["an inherited name", { toString: 1 }, { a: 1 }],
  ["an array and an object", [], {}],
  ["another length", [1], [1, 2]],
  ["another order", [1, 2], [2, 1]],
  ["other bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["fewer bytes", new Uint8Array([1, 2]), new Uint8Array([1])],
  ["bytes and numbers", new Uint8Array([1]), [1]],
  ["two Maps, which are not compared", new Map([[1, 1]]), new Map([[1, 1]])],
  ["two Dates, which are not compared", new Date(0), new Date(0)],
])("differs: %s", (_, a, b) => {
  expect([structurallyEqual(a, b), structurallyEqual(b, a)]).toEqual([false, false]);
});

test("anything equals itself, and a part of a larger array of bytes equals a copy of it", () => {
  const map = new Map();
  const bytes = new Uint8Array([0, 1, 2, 3]);
  expect([structurallyEqual(map, map), structurallyEqual(bytes.subarray(1, 3), new Uint8Array([1, 2]))]).toEqual([
    true,
    true,
  ]);
});
