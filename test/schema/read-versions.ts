/** The published kinds and versions that Trilith reads. */
import { kinds } from "../../src/resources/index.ts";
import type { BuiltOracle } from "./build-oracle.ts";
import type { CustomResourceSchema } from "./custom-resource-schema.ts";
import { readServedVersions, type ServedVersion } from "./schema-oracle.ts";

export async function versionsThatWeRead(oracle: BuiltOracle): Promise<readonly ServedVersion[]> {
  const versions = await readServedVersions(oracle);
  return versions.filter(({ kind }) => Object.hasOwn(kinds, kind));
}

/** The messages of the cross-field rules in the spec. */
export function rulesOf(schema: CustomResourceSchema): readonly string[] {
  const spec = schema.properties?.["spec"];
  return spec === undefined ? [] : rulesWithin(spec);
}

function rulesWithin(schema: CustomResourceSchema): readonly string[] {
  const parts = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ rule, message }) => message ?? rule);
  return [...own, ...parts.flatMap((part) => (part === undefined ? [] : rulesWithin(part)))];
}
