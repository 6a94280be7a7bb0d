/**
 * Golden cases of translation: each file holds resources and, after `--- # Expected`, everything that is made of them.
 * `UPDATE_GOLDEN=1` writes the second part anew. Every resource of a case must matter: without it, something must differ.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { objectKeyOf } from "../../src/resources/index.ts";
import { type Picture, TranslateWorld } from "./translate-world.ts";

const folder = new URL("translate/", import.meta.url);
const DIVIDER = "--- # Expected\n";

describe.each(readdirSync(folder).filter((name) => name.endsWith(".yaml")))("%s", (name) => {
  const file = new URL(name, folder);
  const [input = "", expected = ""] = readFileSync(file, "utf8").split(DIVIDER);
  const documents = parseAllDocuments(input).map((document) => document.toJS() as unknown);
  const world = new TranslateWorld(documents.filter((document) => document !== null));

  test("is translated as expected", () => {
    const picture = world.picture();
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, input + DIVIDER + written(picture));
    else expect(picture).toEqual(parse(expected));
  });

  test.each(world.objects.map((object) => [objectKeyOf(object), object] as const))("%s matters", (_, object) => {
    expect(world.isConsumed(object)).toBe(true);
  });
});

const written = (picture: Picture): string =>
  stringify(picture, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: false });
