/**
 * Oracle 1: after any sequence of edits, everything that was worked out step by step is what one would work out from
 * scratch: the model, statuses, findings and Envoy's resources, byte for byte. A failure prints its seed and is shrunk.
 */
import { array, assert, boolean, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/app/engine.ts";
import { standaloneSettings, withDefaultClass } from "../../src/app/standalone-settings.ts";
import type { Collection } from "../../src/collections/index.ts";
import { envoyResources } from "../../src/envoy/index.ts";
import { type KnownObject, objectKeyOf, type ObjectKey, validate } from "../../src/resources/index.ts";
import { randomObject } from "./random-objects.ts";

const RUNS = Number(process.env["TRILITH_ORACLE_RUNS"] ?? 150);
const STEPS = 20;

interface Watched {
  readonly engine: Engine;
  readonly collections: Readonly<Record<string, Collection<unknown>>>;
}

function watchedEngine(): Watched {
  const engine = createEngine(standaloneSettings({ bindAddress: "0.0.0.0" }));
  const records = envoyResources(engine.graph, engine.model);
  const { inputs: _, ...translation } = engine.translation;
  return { engine, collections: { ...translation, records } };
}

/** Every value of every collection, as text, in an order of its own. */
function stateOf({ collections }: Watched): Record<string, readonly string[]> {
  const texts = Object.entries(collections).map(([name, collection]) => {
    const values = [...collection.values()].map((value) => JSON.stringify(value, bytesAsText)).sort();
    return [name, values] as const;
  });
  return Object.fromEntries(texts);
}

const bytesAsText = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;

function readable(value: object): KnownObject {
  const { object, problems } = validate(value);
  if (object === undefined) throw new Error(`${JSON.stringify(problems)} in ${JSON.stringify(value)}`);
  return object;
}

test("what was worked out step by step is what one would work out from scratch", async () => {
  const step = array(tuple(await randomObject(), boolean()), { minLength: 1, maxLength: 5 });
  let batches = 0;
  const same = property(array(step, { minLength: STEPS, maxLength: STEPS }), (steps) => {
    const incremental = watchedEngine();
    const objects = new Map<ObjectKey, KnownObject>();
    for (const edits of steps) {
      for (const [value, isRemoval] of edits) {
        const object = readable(value);
        if (isRemoval && objects.has(objectKeyOf(object))) objects.delete(objectKeyOf(object));
        else objects.set(objectKeyOf(object), object);
      }
      const wanted = withDefaultClass(new Map(objects), "trilith");
      incremental.engine.replaceObjects(wanted);
      const fresh = watchedEngine();
      fresh.engine.replaceObjects(wanted);
      expect(stateOf(incremental)).toEqual(stateOf(fresh));
      expect([...incremental.engine.graph.failures.keys()]).toEqual([]);
      batches += 1;
    }
  });
  const seed = process.env["TRILITH_ORACLE_SEED"];
  assert(same, { numRuns: RUNS, ...(seed !== undefined && { seed: Number(seed) }) });
  console.log(`${batches} batches`);
});
