/** Our own schemas as the same table of facts that `schema-facts.ts` makes of the published ones. */
import type { AnySchema } from "../../src/resources/index.ts";
import type { Json } from "./custom-resource-schema.ts";
import { canonical, type SchemaFacts } from "./schema-facts.ts";

export function factsOfOurs(schema: AnySchema, path: string): SchemaFacts {
  const facts = new Map<string, string>();
  addFacts(facts, schema, path);
  return facts;
}

/** The fields that ours says the standard channel lacks, the outermost only. */
export function experimentalPathsOf(schema: AnySchema, path: string): readonly string[] {
  if (schema.experimental === true) return [path];
  return partsOf(schema, path).flatMap(([part, name]) => experimentalPathsOf(part, name));
}

function addFacts(facts: Map<string, string>, schema: AnySchema, path: string): void {
  for (const [keyword, value] of Object.entries(keywordsOf(schema))) {
    if (value !== undefined) facts.set(`${path} ${keyword}`, canonical(value));
  }
  for (const rule of schema.rules ?? []) facts.set(`${path} rule ${rule.id}`, "true");
  for (const [part, name] of partsOf(schema, path)) addFacts(facts, part, name);
}

function partsOf(schema: AnySchema, path: string): readonly (readonly [AnySchema, string])[] {
  if (schema.type === "map") return [[schema.values, `${path}{}`]];
  if (schema.type === "list") return [[schema.items, `${path}[]`]];
  if (schema.type !== "object") return [];
  return Object.entries(schema.properties).map(([name, field]) => [field, `${path}.${name}`]);
}

type Keywords = { readonly [keyword: string]: Json | undefined };

function keywordsOf(schema: AnySchema): Keywords {
  return { ...typedKeywordsOf(schema), default: schema.default as Json | undefined };
}

function typedKeywordsOf(schema: AnySchema): Keywords {
  switch (schema.type) {
    case "object": {
      const { type, required, minProperties, preserveUnknown } = schema;
      return {
        type,
        required: required.length === 0 ? undefined : required.toSorted(),
        minProperties,
        "x-kubernetes-preserve-unknown-fields": preserveUnknown,
      };
    }
    case "map":
      return { type: "object", minProperties: schema.minProperties, maxProperties: schema.maxProperties };
    case "list":
      return {
        type: "array",
        "x-kubernetes-list-type": schema.listType,
        "x-kubernetes-list-map-keys": schema.keys?.toSorted(),
        minItems: schema.minItems,
        maxItems: schema.maxItems,
      };
    case "string": {
      const { type, minLength, maxLength, format } = schema;
      return { type, enum: schema.enum?.toSorted(), minLength, maxLength, pattern: schema.pattern?.source, format };
    }
    case "integer": {
      const { type, minimum, maximum, format } = schema;
      return { type, enum: schema.enum?.toSorted(), minimum, maximum, format };
    }
    case "integer-or-string": {
      const { type, pattern, minimum, maximum } = schema;
      return { type, pattern: pattern?.source, minimum, maximum };
    }
    case "boolean":
      return { type: schema.type };
  }
}
