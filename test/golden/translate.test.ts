/**
 * Golden cases of translation: each file holds resources and, after `--- # Expected`, everything that is made of them.
 * `UPDATE_GOLDEN=1` writes the second part anew. Every resource of a case must matter: without it, something must differ.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { objectKeyOf } from "../../src/resources/index.ts";
import { writeFormatted } from "../support/write-formatted.ts";
import { type Picture, TranslateWorld } from "./translate-world.ts";

const folder = new URL("translate/", import.meta.url);
/** An annotation (of pods, which lose theirs, a label) of resources that must change nothing: being ignored is then what the case is about. */
const IGNORED = "golden/ignored";
const DIVIDER = "--- # Expected\n";

describe.each(readdirSync(folder).filter((name) => name.endsWith(".yaml")))("%s", (name) => {
  const file = new URL(name, folder);
  const [input = "", expected = ""] = readFileSync(file, "utf8").split(DIVIDER);
  const documents = parseAllDocuments(input).map((document) => document.toJS() as unknown);
  const world = new TranslateWorld(documents.filter((document) => document !== null));

  test("is translated as expected", async () => {
    const picture = world.picture();
    if (process.env["UPDATE_GOLDEN"] === "1")
      await writeFormatted(fileURLToPath(file), input + DIVIDER + written(picture));
    else expect(picture).toEqual(parse(expected));
  });

  const objects = world.objects.map((object) => {
    const { annotations, labels } = object.metadata;
    const isIgnored = (annotations?.[IGNORED] ?? labels?.[IGNORED]) !== undefined;
    return [objectKeyOf(object), isIgnored ? "is ignored" : "matters", object] as const;
  });
  test.each(objects)("%s %s", (_, expectation, object) => {
    expect(world.isConsumed(object)).toBe(expectation === "matters");
  });
});

const written = (picture: Picture): string =>
  stringify(picture, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: false });
