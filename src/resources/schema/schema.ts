/**
 * The language in which this room states what an object may look like: OpenAPI's structural schemas as far as the Gateway
 * API's CRDs use them, as data. A schema is typed by the type that it describes, so that the two name the same fields.
 * Fields are never nullable: as in Kubernetes, a null counts as absent, and as an error within a list.
 */
import type { JsonValue } from "../json.ts";
import type { Pattern } from "./pattern.ts";
import type { Rule } from "./rule.ts";

interface SchemaBase<T> {
  /** Taken where the field is absent, by itself subject to the defaults within. */
  readonly default?: T;
  /** Checked when everything inside is right by itself. */
  readonly rules?: readonly Rule<T>[];
  /** The field, or for a kind the kind, is not in the standard channel. */
  readonly experimental?: true;
}

export interface ObjectSchema<T> extends SchemaBase<T> {
  readonly type: "object";
  readonly properties: { readonly [K in KeyOf<T>]-?: Schema<NonNullable<ValueOf<T, K>>> };
  readonly required: readonly KeyOf<T>[];
  readonly minProperties?: number;
  /** Fields that are not named stay as they are, without a word; otherwise they are dropped with a warning. */
  readonly preserveUnknown?: true;
}

export interface MapSchema<T> extends SchemaBase<Readonly<Record<string, T>>> {
  readonly type: "map";
  readonly values: Schema<T>;
  /** What a null stands for, as in the maps of Kubernetes' own types; without it, the entry counts as absent. */
  readonly nullValue?: T;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

export interface ListSchema<T> extends SchemaBase<readonly T[]> {
  readonly type: "list";
  readonly items: Schema<T>;
  /** How lists are merged; a `set` has no equal items, a `map` no items that are equal in all `keys`. */
  readonly listType: "atomic" | "set" | "map";
  readonly keys?: readonly KeyOf<T>[];
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** Lengths are in code points. */
export interface StringSchema<T extends string> extends SchemaBase<T> {
  readonly type: "string";
  readonly enum?: readonly T[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: Pattern;
  /** `byte` is base64. */
  readonly format?: "date-time" | "byte";
}

export interface IntegerSchema<T extends number> extends SchemaBase<T> {
  readonly type: "integer";
  readonly enum?: readonly T[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: "int32" | "int64";
}

export interface BooleanSchema extends SchemaBase<boolean> {
  readonly type: "boolean";
}

/** The pattern is of texts, the minimum of numbers. */
export interface IntegerOrStringSchema extends SchemaBase<number | string> {
  readonly type: "integer-or-string";
  readonly pattern?: Pattern;
  readonly minimum?: number;
  readonly maximum?: number;
}

export type Schema<T> = [T] extends [boolean]
  ? BooleanSchema
  : [T] extends [number]
    ? IntegerSchema<T>
    : [T] extends [string]
      ? StringSchema<T>
      : [T] extends [number | string]
        ? IntegerOrStringSchema
        : [T] extends [readonly (infer I)[]]
          ? ListSchema<I>
          : string extends keyof T
            ? JsonValue extends ValueOf<T, string>
              ? ObjectSchema<object>
              : MapSchema<ValueOf<T, string>>
            : ObjectSchema<T>;

/** A schema whose type is not known: what a walk over schemas sees. */
export type AnySchema =
  | AnyObjectSchema
  | AnyMapSchema
  | AnyListSchema
  | StringSchema<string>
  | IntegerSchema<number>
  | BooleanSchema
  | IntegerOrStringSchema;

interface AnyBase {
  readonly default?: unknown;
  readonly rules?: readonly Rule<unknown>[];
  readonly experimental?: true;
}

export interface AnyObjectSchema
  extends AnyBase, Omit<ObjectSchema<object>, "properties" | "required" | keyof AnyBase> {
  readonly properties: Readonly<Record<string, AnySchema>>;
  readonly required: readonly string[];
}

export interface AnyMapSchema extends AnyBase, Omit<MapSchema<string>, "values" | keyof AnyBase> {
  readonly values: AnySchema;
}

export interface AnyListSchema extends AnyBase, Omit<ListSchema<string>, "items" | "keys" | keyof AnyBase> {
  readonly items: AnySchema;
  readonly keys?: readonly string[];
}

/** The fields of a type; of a union, those of all its members. */
export type KeyOf<T> = T extends unknown ? Extract<keyof T, string> : never;
export type ValueOf<T, K extends PropertyKey> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;
