/**
 * Random objects of one kind: what its schema allows, mostly made sensible, then mutated in none, one or a few places.
 * fast-check gives the seed and shrinks both the object and the mutations.
 */
import * as fc from "fast-check";
import type { CustomResourceSchema, Json, JsonObject } from "./custom-resource-schema.ts";
import { mutated } from "./mutations.ts";
import { valuesOf } from "./random-values.ts";
import type { ServedVersion } from "./schema-oracle.ts";
import { sensible } from "./sensible-objects.ts";

/** Objects that are changed in a few places, so that about half of them are invalid. */
export function objectsOf(version: ServedVersion): fc.Arbitrary<JsonObject> {
  const schema = specOf(version);
  const lawful = fc.record({ place: fc.nat(), kind: fc.nat(), isLawful: fc.constant(true) });
  const any = fc.record({ place: fc.nat(), kind: fc.nat(), isLawful: fc.boolean() });
  const mutations = fc.oneof(
    { weight: 3, arbitrary: fc.array(lawful, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(any, { minLength: 1, maxLength: 2 }) },
  );
  const specs = fc.oneof({ weight: 6, arbitrary: sensibleSpecsOf(schema) }, { weight: 1, arbitrary: valuesOf(schema) });
  return fc.tuple(specs, mutations).map(([spec, changes]) => objectOf(version, mutated(spec, schema, changes)));
}

/** Objects that are mostly valid. */
export function sensibleObjectsOf(version: ServedVersion): fc.Arbitrary<JsonObject> {
  return sensibleSpecsOf(specOf(version)).map((spec) => objectOf(version, spec));
}

function sensibleSpecsOf(schema: CustomResourceSchema): fc.Arbitrary<Json> {
  return valuesOf(schema).map((value) => sensible(value, "spec"));
}

export function specOf(version: ServedVersion): CustomResourceSchema {
  const schema = version.schema.properties?.["spec"];
  if (schema === undefined) throw new Error(`${version.kind} has no spec`);
  return schema;
}

function objectOf(version: ServedVersion, spec: Json): JsonObject {
  const metadata: Json = version.namespaced ? { name: "random", namespace: "default" } : { name: "random" };
  return { apiVersion: `${version.group}/${version.version}`, kind: version.kind, metadata, spec };
}
