/**
 * A CRD's schema as a flat table of facts, one per field and keyword ("spec.rules[].matches maxItems" → "64"), so that
 * two schemas can be compared line by line and a difference names its place.
 */
import type { CustomResourceSchema } from "./custom-resource-schema.ts";

/** From "path keyword" to the value as JSON. Cross-field rules have one key each: "path rule <message>". */
export type SchemaFacts = ReadonlyMap<string, string>;

/** Keywords that are walked into, or that change neither verdict nor defaults (how server-side apply merges an object). */
const silentKeywords: ReadonlySet<string> = new Set(
  "description properties items additionalProperties x-kubernetes-map-type".split(" "),
);

const knownKeywords: ReadonlySet<string> = new Set(
  `type required default enum format pattern minLength maxLength minimum maximum minItems maxItems minProperties
  maxProperties oneOf x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-validations x-kubernetes-preserve-unknown-fields`.split(
    /\s+/u,
  ),
);

/** All facts of a schema; fails on a keyword that these tests do not know, which a later release may bring. */
export function factsOf(schema: CustomResourceSchema, path: string): SchemaFacts {
  const facts = new Map<string, string>();
  addFacts(facts, schema, path);
  return facts;
}

function addFacts(facts: Map<string, string>, schema: CustomResourceSchema, path: string): void {
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "x-kubernetes-int-or-string") {
      facts.set(`${path} type`, canonical("integer-or-string"));
      continue;
    }
    if (silentKeywords.has(keyword) || (keyword === "minLength" && value === 0)) continue;
    if (!knownKeywords.has(keyword)) throw new Error(`${path}: unknown keyword ${keyword}`);
    if (keyword === "x-kubernetes-validations") continue;
    if (keyword === "oneOf") facts.set(`${path} rule oneOf`, "true");
    else facts.set(`${path} ${keyword}`, canonical(isUnordered(keyword, value) ? value.toSorted() : value));
  }
  for (const rule of schema["x-kubernetes-validations"] ?? []) {
    facts.set(`${path} rule ${rule.message ?? rule.rule}`, "true");
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) addFacts(facts, field, `${path}.${name}`);
  if (schema.items !== undefined) addFacts(facts, schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) addFacts(facts, schema.additionalProperties, `${path}{}`);
}

function isUnordered(keyword: string, value: unknown): value is readonly string[] {
  return ["enum", "required", "x-kubernetes-list-map-keys"].includes(keyword) && Array.isArray(value);
}

/** JSON with the fields in the order of their names. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

/** One line per fact that only one side has or that differs; empty when the tables agree. */
export function differencesBetween(ours: SchemaFacts, kubernetes: SchemaFacts): readonly string[] {
  const keys = [...new Set([...ours.keys(), ...kubernetes.keys()])].toSorted();
  return keys
    .filter((key) => ours.get(key) !== kubernetes.get(key))
    .map((key) => `${key}: ours ${ours.get(key) ?? "(none)"}, Kubernetes' ${kubernetes.get(key) ?? "(none)"}`);
}
