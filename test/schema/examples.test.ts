import { afterAll, describe, expect, inject, test } from "vitest";
import { readInvalidExamples, readValidExamples } from "./api-examples.ts";
import { SchemaOracle } from "./schema-oracle.ts";

const built = inject("schemaOracle");

describe.skipIf(built === undefined)("the API's own examples", () => {
  if (built === undefined) return;
  const oracle = new SchemaOracle(built);
  afterAll(() => oracle.close());

  test("the invalid ones are refused by Kubernetes", async () => {
    const examples = await readInvalidExamples(built);
    expect(examples.length).toBeGreaterThanOrEqual(36);
    const verdicts = await Promise.all(examples.map(({ object }) => oracle.verdictOn(object)));
    expect(examples.filter((_, index) => verdicts[index]?.valid).map(({ name }) => name)).toEqual([]);
  });

  test("the valid ones are accepted by Kubernetes", async () => {
    const examples = (await readValidExamples(built)).filter(({ object }) => object["kind"] !== "Namespace");
    expect(examples.length).toBeGreaterThanOrEqual(100);
    const verdicts = await Promise.all(examples.map(({ object }) => oracle.verdictOn(object)));
    expect(examples.filter((_, index) => !verdicts[index]?.valid).map(({ name }) => name)).toEqual([]);
  });
});
