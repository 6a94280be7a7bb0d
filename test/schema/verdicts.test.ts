import * as fc from "fast-check";
import { afterAll, describe, expect, inject, test } from "vitest";
import { boundaryObjects } from "./boundary-objects.ts";
import { compareVerdicts } from "./compare-verdicts.ts";
import type { Json, JsonObject } from "./custom-resource-schema.ts";
import { wholeObjects, wholeObjectSchema } from "./metadata-schema.ts";
import { everyMutation } from "./mutations.ts";
import { objectsOf, sensibleObjectsOf, specOf } from "./random-objects.ts";
import { rulesOf, versionsThatWeRead } from "./read-versions.ts";
import { SchemaOracle } from "./schema-oracle.ts";

const built = inject("schemaOracle");
/** How many random objects of each kind and version. */
const runs = Number(process.env["TRILITH_SCHEMA_RUNS"] ?? 300);
/** Printed with a failure; set it to repeat one. */
/** One pass is always the same, so that what it covers is; the other is another one each time, and prints its seed when it fails. */
const FIXED_SEED = 42;
const freshSeed = Number(process.env["TRILITH_SCHEMA_SEED"] ?? Date.now() % 2 ** 31);

/** Rules that no creation breaks. */
const unbreakableRules: readonly string[] = [
  // It is about changes alone.
  "field is immutable",
  // The field is an enumeration of these three, which is checked before.
  "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
];

describe.skipIf(built === undefined)("an object of a kind that we read", async () => {
  if (built === undefined) return;
  const oracle = new SchemaOracle(built);
  const versions = await versionsThatWeRead(built);
  const broken = new Set<string>();
  /** The kinds of places that are done, over all versions: many have the same fields. */
  const seen = new Set<string>();
  afterAll(() => oracle.close());

  async function differencesOn(object: JsonObject): Promise<readonly string[]> {
    const { differences, verdict } = await compareVerdicts(oracle, object);
    for (const { message } of verdict.errors) broken.add(message);
    return differences.length === 0 ? [] : [JSON.stringify(object), ...differences];
  }

  test("gets the same verdict at the boundary of every rule over several fields", async () => {
    const reports = await Promise.all(boundaryObjects().map(({ object }) => differencesOn(object)));
    expect(reports.filter((report) => report.length > 0)).toEqual([]);
  });

  test("gets the same verdict for every change of its metadata", async () => {
    const reports: (readonly string[])[] = [];
    for (const object of wholeObjects()) {
      expect(await oracle.verdictOn(object)).toMatchObject({ valid: true });
      // Not shared: the same names mean other things in a cluster-scoped object.
      const changed = [...everyMutation(object, wholeObjectSchema, new Set())].filter(isObject);
      reports.push(...(await Promise.all(changed.map(differencesOn))));
    }
    expect(reports.filter((report) => report.length > 0)).toEqual([]);
  });

  test.each(versions)("gets the same verdict for every change of every field: $kind $version", async (version) => {
    const samples = fc.sample(sensibleObjectsOf(version), { numRuns: 400, seed: 1 });
    const verdicts = await Promise.all(samples.map((object) => oracle.verdictOn(object)));
    const valid = samples.filter((_, index) => verdicts[index]?.valid).toSorted(bySize);
    const reports: (readonly string[])[] = [];
    for (const object of valid) {
      const changed = [...everyMutation(object["spec"] ?? null, specOf(version), seen)];
      reports.push(...(await Promise.all(changed.map((spec) => differencesOn({ ...object, spec })))));
    }
    expect(reports.filter((report) => report.length > 0).slice(0, 20)).toEqual([]);
  });

  test.each(versions)(`gets the same verdict when it is random: $kind $version`, async (version) => {
    const agrees = fc.asyncProperty(objectsOf(version), async (object) => {
      expect(await differencesOn(object)).toEqual([]);
    });
    await fc.assert(agrees, { numRuns: runs, seed: FIXED_SEED });
    await fc.assert(agrees, { numRuns: Math.ceil(runs / 3), seed: freshSeed });
  });

  test("has broken every rule over several fields at least once", () => {
    const messages = [...broken].join("\n");
    const rules = new Set(versions.flatMap(({ schema }) => rulesOf(schema)));
    expect([...rules].filter((rule) => !unbreakableRules.includes(rule) && !messages.includes(rule))).toEqual([]);
  });
});

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bySize(one: Json, other: Json): number {
  return JSON.stringify(one).length - JSON.stringify(other).length;
}
