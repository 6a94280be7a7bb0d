/** One official test, replayed under its name: its manifests served, then what it asks and expects, as data of ours. */
import { afterAll, beforeAll, inject, test } from "vitest";
import { OfficialWorld } from "./official-world.ts";
import type { Manifest } from "./official-manifests.ts";

export type Replay = (
  name: string,
  files: readonly string[],
  body: (world: OfficialWorld) => Promise<void>,
  edit?: (manifest: Manifest) => Manifest,
) => void;

/** One world for the tests of a file, which it serves one after the other. */
export function officialTests(): Replay {
  const suite = inject("conformanceSuite");
  let world: OfficialWorld | undefined;
  beforeAll(async () => {
    if (suite !== undefined) world = await OfficialWorld.start(suite);
  });
  afterAll(async () => world?.[Symbol.asyncDispose]());
  return (name, files, body, edit) => {
    test.skipIf(suite === undefined)(name, async () => {
      if (world === undefined) throw new Error("no world");
      await world.begin(files, edit);
      await body(world);
    });
  };
}
