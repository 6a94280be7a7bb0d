/**
 * Random objects of one kind: what its schema allows, mostly made sensible, then mutated in none, one or a few places.
 * fast-check gives the seed and shrinks both the object and the mutations.
 */
import * as fc from "fast-check";
import type { Json, JsonObject } from "./custom-resource-schema.ts";
import { mutated } from "./mutations.ts";
import { valuesOf } from "./random-values.ts";
import type { ServedVersion } from "./schema-oracle.ts";
import { sensible } from "./sensible-objects.ts";

export function objectsOf(version: ServedVersion): fc.Arbitrary<JsonObject> {
  const schema = version.schema.properties?.["spec"];
  if (schema === undefined) throw new Error(`${version.kind} has no spec`);
  const lawful = fc.record({ place: fc.nat(), kind: fc.nat(), isLawful: fc.constant(true) });
  const any = fc.record({ place: fc.nat(), kind: fc.nat(), isLawful: fc.boolean() });
  const mutations = fc.oneof(
    { weight: 3, arbitrary: fc.array(lawful, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(any, { minLength: 1, maxLength: 2 }) },
  );
  const isSensible = fc.oneof(
    { weight: 6, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
  return fc.tuple(valuesOf(schema), isSensible, mutations).map(([value, mend, changes]) => {
    const spec = mutated(mend ? sensible(value, "spec") : value, schema, changes);
    const metadata: Json = version.namespaced ? { name: "random", namespace: "default" } : { name: "random" };
    return { apiVersion: `${version.group}/${version.version}`, kind: version.kind, metadata, spec };
  });
}
