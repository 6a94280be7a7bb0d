import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RouteTableKey } from "./keys.ts";
import { isPart, isSpread, PART_EXPRESSIONS, partsOf, partsWith, spread, wholeOf } from "./spread-table.ts";

const plain = "edge/web/tcp/0.0.0.0/80" as RouteTableKey;
const table = spread(plain);

test("a table that is not spread is its only part", () => {
  expect([isSpread(plain), isPart(plain), partsOf(plain), partsWith(plain, "a.test"), wholeOf(plain)]).toEqual([
    false,
    false,
    [plain],
    [plain],
    plain,
  ]);
});

test("a spread table has sixteen parts, which know it", () => {
  const parts = partsOf(table);
  expect(new Set(parts).size).toBe(16);
  expect(new Set(parts.map(wholeOf))).toEqual(new Set([table]));
  expect([isSpread(table), isPart(table), parts.some(isSpread), parts.every(isPart)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test("a host is in one part, and with a wildcard in all", () => {
  expect(partsWith(table, "cart.example.com")).toEqual([`${table}1011`]);
  expect(partsWith(table, "*.example.com")).toEqual(partsOf(table));
  expect(partsWith(table, "*")).toEqual(partsOf(table));
});

test("the port and the case of a name do not decide about its part", () => {
  const bits = (name: string): string =>
    PART_EXPRESSIONS.map((one) => Number(!new RegExp(one, "i").test(name))).join("");
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), fc.nat({ max: 65_535 }), (labels, port) => {
      const name = labels.join(".");
      expect(partsWith(table, name)).toEqual([`${table}${bits(name)}`]);
      expect([bits(`${name}:${port}`), bits(name.toUpperCase())]).toEqual([bits(name), bits(name)]);
    }),
  );
});

describe("no part has more than a tenth of", () => {
  const names: Readonly<Record<string, (index: number) => string>> = {
    "numbered hosts": (index) => `host-${index}.example.com`,
    "hosts of numbered tenants": (index) => `api.tenant${index}.example.com`,
    "hosts with generated names": (index) => `${((index * 2_654_435_761) % 2 ** 32).toString(16)}.apps.example.com`,
  };
  test.each(Object.entries(names))("%s", (_, nameOf) => {
    const count = 2_000;
    const parts = Map.groupBy(
      Array.from({ length: count }, (__, index) => nameOf(index)),
      (name) => partsWith(table, name)[0],
    );
    expect(Math.max(...[...parts.values()].map(({ length }) => length))).toBeLessThan(count / 10);
  });
});
