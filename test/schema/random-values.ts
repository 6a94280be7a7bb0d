/**
 * Random values that a CRD's own schema allows: types, enums, bounds, patterns and unique keys hold, cross-field rules
 * only where `union` sees them (a field that names which one of its siblings is set). `mutations.ts` then breaks them.
 */
import * as fc from "fast-check";
import { RE2JS } from "re2js";
import type { CustomResourceSchema, Json, JsonObject } from "./custom-resource-schema.ts";
import { words } from "./words.ts";

/** Values of a schema; `depth` makes optional fields rarer the deeper they are, so that objects stay of one screen. */
export function valuesOf(schema: CustomResourceSchema, depth = 0): fc.Arbitrary<Json> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === "string") return stringsOf(schema);
  if (schema.type === "integer") return integersOf(schema);
  if (schema.type === "boolean") return fc.boolean();
  return schema.type === "array" ? arraysOf(schema, depth) : objectsOf(schema, depth);
}

/** Whether a string satisfies what its schema alone says; lengths count code points, as Kubernetes does. */
function allowsString(schema: CustomResourceSchema, text: string): boolean {
  const length = Array.from(text).length;
  return (
    length >= (schema.minLength ?? 0) &&
    length <= (schema.maxLength ?? Number.POSITIVE_INFINITY) &&
    (schema.pattern === undefined || expressionOf(schema.pattern).matcher(text).find()) &&
    (schema.format !== "date-time" || /^\d{4}-\d\d-\d\dT/u.test(text))
  );
}

const expressions = new Map<string, RE2JS>();

/** Kubernetes' expressions are RE2's: JavaScript's would need exponential time for some patterns of the Gateway API. */
function expressionOf(pattern: string): RE2JS {
  const expression = expressions.get(pattern) ?? RE2JS.compile(pattern);
  expressions.set(pattern, expression);
  return expression;
}

const allowedWords = new WeakMap<CustomResourceSchema, readonly string[]>();

/** The words that a schema allows, also drawn out to its maximal length. */
export function wordsAllowedBy(schema: CustomResourceSchema): readonly string[] {
  const known = allowedWords.get(schema);
  if (known !== undefined) return known;
  const longest = words.map((word) => stretched(word, schema.maxLength ?? 0)).slice(0, 40);
  const allowed = [...new Set([...words, ...longest])].filter((word) => allowsString(schema, word));
  allowedWords.set(schema, allowed);
  return allowed;
}

function stringsOf(schema: CustomResourceSchema): fc.Arbitrary<string> {
  const free = freeStringsOf(schema).filter((text) => allowsString(schema, text));
  const known = wordsAllowedBy(schema);
  if (known.length === 0) return free;
  return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: free });
}

function freeStringsOf(schema: CustomResourceSchema): fc.Arbitrary<string> {
  if (schema.format === "date-time") return fc.constant("2026-01-02T03:04:05Z");
  if (schema.pattern === undefined) {
    return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 8, 8) });
  }
  // fast-check wants an anchor at the ends of the whole only, so alternatives lose their own.
  const anchored = new RegExp(`^(?:${schema.pattern.replaceAll(/(?<![\\[])[\^$]/gu, "")})$`, "u");
  return fc.stringMatching(anchored, { maxLength: Math.min(schema.maxLength ?? 40, 40) });
}

/** The word with one of its letters repeated until it has the wanted length. */
export function stretched(word: string, length: number): string {
  const letter = /[a-z0-9]/u.exec(word);
  if (letter === null || length > 5000 || word.length >= length) return word;
  return word.slice(0, letter.index) + letter[0].repeat(length - word.length) + word.slice(letter.index);
}

function integersOf(schema: CustomResourceSchema): fc.Arbitrary<number> {
  const least = schema.minimum ?? -(2 ** 31);
  const most = schema.maximum ?? 2 ** 31 - 1;
  const notable = [least, least + 1, most - 1, most, 0, 1, 2, 80, 443, 302].filter(
    (one) => one >= least && one <= most,
  );
  return fc.constantFrom(...notable);
}

function arraysOf(schema: CustomResourceSchema, depth: number): fc.Arbitrary<Json> {
  if (schema.items === undefined) throw new Error("an array without items");
  const least = schema.minItems ?? 0;
  const most = Math.min(schema.maxItems ?? 3, least + 2);
  const keys = schema["x-kubernetes-list-map-keys"];
  const items = valuesOf(schema.items, depth + 1);
  const size = { minLength: least, maxLength: Math.max(most, least) };
  if (schema["x-kubernetes-list-type"] === "set") return fc.uniqueArray(items, size);
  if (keys === undefined) return fc.array(items, size);
  return fc.uniqueArray(items, { ...size, selector: (item) => JSON.stringify(keys.map((key) => fieldOf(item, key))) });
}

function fieldOf(value: Json, name: string): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject)[name] : undefined;
}

function objectsOf(schema: CustomResourceSchema, depth: number): fc.Arbitrary<Json> {
  if (schema.additionalProperties !== undefined) {
    return fc.dictionary(
      fc.constantFrom("a", "example.com/key", "Key_1", "a.b-c"),
      valuesOf(schema.additionalProperties, depth + 1),
      { minKeys: schema.minProperties ?? 0, maxKeys: Math.min(schema.maxProperties ?? 2, 2), noNullPrototype: true },
    );
  }
  const properties = Object.entries(schema.properties ?? {});
  const named = unionOf(schema);
  const atLeast = properties.slice(0, schema.minProperties ?? 0).map(([name]) => name);
  if (named === undefined) return recordsOf(properties, new Set([...(schema.required ?? []), ...atLeast]), depth);
  const members = new Set(named.members.values());
  const always = new Set([...(schema.required ?? []), named.discriminator]);
  return fc.oneof(
    ...named.values.map((value) => {
      const member = named.members.get(value);
      const chosen = properties.filter(([name]) => !members.has(name) || name === member);
      const required = member === undefined ? always : new Set([...always, member]);
      return recordsOf(chosen, required, depth, { [named.discriminator]: fc.constant(value) });
    }),
  );
}

interface Union {
  readonly discriminator: string;
  readonly values: readonly string[];
  /** From a value of the discriminator to the field that it asks for, where there is one. */
  readonly members: ReadonlyMap<string, string>;
}

/** The Gateway API's unions: a field such as `type`, whose value `URLRewrite` asks for the sibling `urlRewrite`. */
function unionOf(schema: CustomResourceSchema): Union | undefined {
  const names = Object.keys(schema.properties ?? {});
  for (const [discriminator, property] of Object.entries(schema.properties ?? {})) {
    const values = (property.enum ?? []).filter((value) => typeof value === "string");
    const members = new Map<string, string>();
    for (const value of values) {
      const member = names.find((name) => name.toLowerCase() === value.toLowerCase());
      if (member !== undefined) members.set(value, member);
    }
    if (members.size > 0) return { discriminator, values, members };
  }
  return undefined;
}

function recordsOf(
  properties: readonly (readonly [string, CustomResourceSchema])[],
  required: ReadonlySet<string>,
  depth: number,
  fixed: { readonly [name: string]: fc.Arbitrary<Json> } = {},
): fc.Arbitrary<Json> {
  const optional = depth <= 2 ? 2 : 1;
  const fields = properties.map(([name, schema]): fc.Arbitrary<Json | undefined> => {
    const values = fixed[name] ?? valuesOf(schema, depth + 1);
    if (required.has(name)) return values;
    return fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: optional, arbitrary: values });
  });
  return fc.tuple(...fields).map((values) => {
    const entries = properties.map(([name], index) => [name, values[index]] as const);
    return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  });
}
