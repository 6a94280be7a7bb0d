import { afterAll, describe, expect, inject, test } from "vitest";
import { type Example, readInvalidExamples, readValidExamples } from "./api-examples.ts";
import { compareVerdicts } from "./compare-verdicts.ts";
import { SchemaOracle } from "./schema-oracle.ts";

const built = inject("schemaOracle");

describe.skipIf(built === undefined)("the API's own examples", () => {
  if (built === undefined) return;
  const oracle = new SchemaOracle(built);
  afterAll(() => oracle.close());

  /** Each example with what is wrong about it, so that a failure names its file. */
  async function findingsOn(examples: readonly Example[], isValid: boolean): Promise<readonly unknown[]> {
    const findings = examples.map(async ({ name, object }) => {
      const { differences, verdict } = await compareVerdicts(oracle, object);
      return { name, differences, surprise: verdict.valid === isValid ? [] : verdict.errors };
    });
    const all = await Promise.all(findings);
    return all.filter(({ differences, surprise }) => differences.length > 0 || surprise.length > 0);
  }

  test("that are meant to be invalid are refused by Kubernetes and by us", async () => {
    const examples = await readInvalidExamples(built);
    expect(examples.length).toBeGreaterThanOrEqual(36);
    expect(await findingsOn(examples, false)).toEqual([]);
  });

  test("that are meant to be valid are accepted by Kubernetes and by us, with the same defaults", async () => {
    const examples = (await readValidExamples(built)).filter(({ object }) => object["kind"] !== "Namespace");
    expect(examples.length).toBeGreaterThanOrEqual(100);
    expect(await findingsOn(examples, true)).toEqual([]);
  });
});
