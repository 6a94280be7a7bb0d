import { describe, expect, inject, test } from "vitest";
import { type AnySchema, kinds, schemas } from "../../src/resources/index.ts";
import { experimentalPathsOf, factsOfOurs } from "./our-schema-facts.ts";
import { versionsThatWeRead } from "./read-versions.ts";
import { differencesBetween, factsOf } from "./schema-facts.ts";
import { readServedVersions, type ServedVersion } from "./schema-oracle.ts";

const built = inject("schemaOracle");

describe.skipIf(built === undefined)("our schemas", async () => {
  if (built === undefined) return;
  const published = await versionsThatWeRead(built);

  test("speak of every published kind and version", async () => {
    const served = await readServedVersions(built);
    const missing = served.filter(
      ({ kind, version }) => !kinds[kind as keyof typeof kinds]?.versions.includes(version),
    );
    expect(missing.map(({ kind }) => kind)).toEqual([]);
  });

  test("say of every published version what its CRD says: fields, bounds, patterns, defaults, keys and rules", () => {
    const differences = published.flatMap((version) => {
      const name = `${version.kind} ${version.version}`;
      const ours = factsOfOurs(schemaOf(version), name);
      return differencesBetween(ours, factsOf(version.schema, name)).filter((line) => !isOfMetadata(line, name));
    });
    expect(differences).toEqual([]);
  });

  test("call experimental what the standard channel lacks, and nothing else", async () => {
    const standard = await readServedVersions(built, "standard");
    const differences = published.flatMap((version) => {
      const name = `${version.kind} ${version.version}`;
      const stable = standard.find((one) => one.kind === version.kind && one.version === version.version);
      // Old versions of standard kinds, which the standard channel no longer has, are not marked.
      if (stable === undefined && standard.some(({ kind }) => kind === version.kind)) return [];
      const known = new Set(stable === undefined ? [] : pathsOf(stable, name));
      const missing = pathsOf(version, name).filter((path) => !known.has(path));
      const ours = experimentalPathsOf(schemaOf(version), name);
      return [
        ...missing.filter((path) => !isWithin(ours, path)).map((path) => `${path} is experimental`),
        ...ours.filter((path) => known.has(path)).map((path) => `${path} is standard`),
      ];
    });
    expect(differences).toEqual([]);
  });
});

function schemaOf({ group, version, kind }: ServedVersion): AnySchema {
  const found = schemas.find((one) => one.group === group && one.version === version && one.kind === kind);
  if (found === undefined) throw new Error(`we have no schema of ${kind} ${version}`);
  return found.schema;
}

/** CRDs leave metadata and the name of the kind to the API server; the verdicts on them are compared instead. */
function isOfMetadata(line: string, name: string): boolean {
  return line.startsWith(`${name}.metadata`) || line.startsWith(`${name}.kind enum`);
}

function pathsOf({ schema }: ServedVersion, name: string): readonly string[] {
  const keys = [...factsOf(schema, name).keys()];
  return keys.flatMap((key) => /^(\w+ \S+) type$/u.exec(key)?.[1] ?? []);
}

function isWithin(outer: readonly string[], path: string): boolean {
  return outer.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
}
