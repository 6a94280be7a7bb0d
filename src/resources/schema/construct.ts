/** Short ways to write schemas down. */
import type { Pattern } from "./pattern.ts";
import * as patterns from "./pattern.ts";
import type {
  BooleanSchema,
  IntegerSchema,
  KeyOf,
  ListSchema,
  MapSchema,
  ObjectSchema,
  Schema,
  StringSchema,
} from "./schema.ts";

export function object<T>(
  properties: ObjectSchema<T>["properties"],
  required: readonly KeyOf<T>[] = [],
  more: Omit<ObjectSchema<T>, "type" | "properties" | "required"> = {},
): ObjectSchema<T> {
  return { type: "object", properties, required, ...more };
}

/** A list that is replaced as a whole. */
export function list<T>(
  items: Schema<T>,
  more: Omit<ListSchema<T>, "type" | "items" | "listType" | "keys"> = {},
): ListSchema<T> {
  return { type: "list", items, listType: "atomic", ...more };
}

export function setOf<T>(
  items: Schema<T>,
  more: Pick<ListSchema<T>, "maxItems" | "minItems" | "rules">,
): ListSchema<T> {
  return { type: "list", items, listType: "set", ...more };
}

export function listByKey<T>(
  items: Schema<T>,
  key: KeyOf<T>,
  more: Omit<ListSchema<T>, "type" | "items" | "listType" | "keys"> = {},
): ListSchema<T> {
  return { type: "list", items, listType: "map", keys: [key], ...more };
}

export function map<T>(values: Schema<T>, more: Omit<MapSchema<T>, "type" | "values"> = {}): MapSchema<T> {
  return { type: "map", values, ...more };
}

export function string(more: Omit<StringSchema<string>, "type" | "enum"> = {}): StringSchema<string> {
  return { type: "string", ...more };
}

export function oneOf<T extends string>(
  values: readonly T[],
  more: Pick<StringSchema<T>, "default" | "experimental"> = {},
): StringSchema<T> {
  return { type: "string", enum: values, ...more };
}

export function integer(more: Omit<IntegerSchema<number>, "type" | "enum"> = {}): IntegerSchema<number> {
  return { type: "integer", format: "int32", ...more };
}

/** An integer without a stated size. */
export function wholeNumber(more: Omit<IntegerSchema<number>, "type" | "enum" | "format"> = {}): IntegerSchema<number> {
  return { type: "integer", ...more };
}

export const boolean: BooleanSchema = { type: "boolean" };

/** Text of 1 to `maxLength` characters that matches a pattern. */
export function named(
  pattern: Pattern,
  maxLength: number,
  more: Pick<StringSchema<string>, "default" | "rules"> = {},
): StringSchema<string> {
  return string({ minLength: 1, maxLength, pattern, ...more });
}

export const portNumber: IntegerSchema<number> = integer({ minimum: 1, maximum: 65535 });
/** The name of another object: the API checks no more than its length. */
export const objectName: StringSchema<string> = string({ minLength: 1, maxLength: 253 });
export const namespaceName: StringSchema<string> = named(patterns.dnsLabel, 63);
export const sectionName: StringSchema<string> = named(patterns.dnsSubdomain, 253);
export const hostname: StringSchema<string> = named(patterns.hostname, 253);
export const preciseHostname: StringSchema<string> = named(patterns.preciseHostname, 253);
export const duration: StringSchema<string> = string({ pattern: patterns.duration });

export function group(defaultGroup?: string): StringSchema<string> {
  const base = { maxLength: 253, pattern: patterns.apiGroup };
  return string(defaultGroup === undefined ? base : { ...base, default: defaultGroup });
}

export function kind(defaultKind?: string): StringSchema<string> {
  return named(patterns.kindName, 63, defaultKind === undefined ? {} : { default: defaultKind });
}
