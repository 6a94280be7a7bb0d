/**
 * One official test, replayed under its name: its manifests served, then what it asks and expects, as data of ours. Those that the
 * suite runs at the same time as others are replayed once more among the manifests of all the others. At the end nothing is
 * pending, and an API server would have taken every status.
 */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Manifest } from "./official-manifests.ts";
import { OfficialWorld } from "./official-world.ts";
import { parallelTests } from "./parallel-manifests.ts";

export type Replay = (
  name: string,
  files: readonly string[],
  body: (world: OfficialWorld) => Promise<void>,
  edit?: (manifest: Manifest) => Manifest,
) => void;

/** One world for the tests of a file, which it serves one after the other. */
export function officialTests(): Replay {
  const suite = inject("conformanceSuite");
  const parallel = suite === undefined ? undefined : parallelTests(suite);
  let world: OfficialWorld | undefined;
  beforeAll(async () => {
    if (suite !== undefined) world = await OfficialWorld.start(suite);
  });
  afterAll(async () => world?.[Symbol.asyncDispose]());
  const replay = async (files: readonly string[], [, , body, edit]: Parameters<Replay>): Promise<void> => {
    if (world === undefined) throw new Error("no world");
    await world.begin(files, edit);
    await body(world);
    await world.programmed();
    expect(world.violations()).toEqual([]);
  };
  return (...official) => {
    const [name, files] = official;
    test.skipIf(suite === undefined)(name, async () => await replay(files, official));
    if (parallel?.names.has(name)) {
      const all = [...new Set([...parallel.files, ...files])];
      test(`${name}, among all that the suite runs beside it`, async () => await replay(all, official));
    }
  };
}
