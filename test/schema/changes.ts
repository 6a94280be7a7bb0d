/**
 * What a value may be changed to: a missing or unknown field, a wrong type, one beyond a bound, a word that nearly fits, a
 * duplicate, a second member of a union. `undefined` stands for its removal.
 */
import type { CustomResourceSchema } from "./custom-resource-schema.ts";
import type { Mutable, Place } from "./places.ts";
import { stretched, wordsAllowedBy } from "./random-values.ts";
import { words } from "./words.ts";

type Fields = { [name: string]: Mutable };

/** Values that leave the schema itself satisfied, so that only a cross-field rule can refuse them. */
export function lawfulValuesAt(place: Place, places: readonly Place[]): readonly Mutable[] {
  const { key, value, schema } = place;
  const twins = places.filter((other) => other !== place && other.key === key && !Array.isArray(other.container));
  const copies = twins.slice(0, 3).map((twin) => twin.value);
  if (schema.enum !== undefined) return [...(schema.enum as readonly Mutable[]), ...copies];
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [...integersNear(place), ...copies];
  if (typeof value === "string") return [...wordsAllowedBy(schema), ...copies];
  if (Array.isArray(value)) return lawfulListsNear(value, schema);
  return value === null ? [] : [...withoutOptional(value, schema), ...withAnother(value, schema)];
}

/** Any values at all, of the right and of wrong types. */
export function valuesAt(place: Place, places: readonly Place[]): readonly (Mutable | undefined)[] {
  const wrong = [true, 7, "text", [], {}].filter((other) => typeof other !== typeof place.value);
  return [...lawfulValuesAt(place, places).slice(0, 8), ...boldValuesNear(place), undefined, null, ...wrong];
}

function boldValuesNear({ value, schema, container }: Place): readonly Mutable[] {
  if (typeof value === "string") return stringsNear(value, schema);
  if (typeof value === "number") return numbersNear({ value, schema, container });
  if (Array.isArray(value)) return listsNear(value, schema);
  if (typeof value !== "object" || value === null) return [];
  return [{}, { ...value, unknownField: "text" }, ...withAnother(value, schema)];
}

function stringsNear(value: string, schema: CustomResourceSchema): readonly string[] {
  const most = schema.maxLength ?? 64;
  const near = [0, 1].map((more) => stretched(value.length > 0 ? value : "a", most + more));
  const astral = "\u{1f600}".repeat(Math.min(most, 300));
  const variants = ["", ...near, `${value}x`, `${value}!`, `-${value}`, value.toUpperCase(), `${value}\n`];
  return [...variants, astral, `${astral}\u00e9`, ...words];
}

/** Numbers near the bounds, the value itself, and the fields beside it, with which rules compare it. */
function numbersNear({ value, schema, container }: Pick<Place, "value" | "schema" | "container">): readonly number[] {
  const bounds = [schema.minimum, schema.maximum].filter((bound) => bound !== undefined);
  const near = bounds.flatMap((bound) => [bound - 1, bound, bound + 1]);
  const beside = Object.values(container).filter((other) => typeof other === "number");
  return [
    ...near,
    ...beside.flatMap((one) => [one, one + 1]),
    Number(value) + 0.5,
    -1,
    0,
    80,
    100,
    101,
    2 ** 31,
    2 ** 53,
    1e20,
  ];
}

function integersNear(place: Place): readonly number[] {
  const least = place.schema.minimum ?? -(2 ** 31);
  const most = place.schema.maximum ?? 2 ** 31 - 1;
  return numbersNear(place).filter((one) => one >= least && one <= most && Number.isInteger(one));
}

function lawfulListsNear(value: Mutable[], schema: CustomResourceSchema): readonly Mutable[][] {
  const next = nextItemOf(value, schema);
  const full = filled(value, schema, Math.min(schema.maxItems ?? 4, 128));
  const lists = [full, [...value, next], [...value, varied(next, value.length)], value.slice(1), value.toReversed()];
  return lists.filter((list) => list.length >= (schema.minItems ?? 0) && list.length <= (schema.maxItems ?? 1000));
}

function listsNear(value: Mutable[], schema: CustomResourceSchema): readonly Mutable[][] {
  const most = Math.min(schema.maxItems ?? 4, 256);
  const next = nextItemOf(value, schema);
  return [[], [...value, next], filled(value, schema, most), filled(value, schema, most + 1)];
}

function filled(value: Mutable[], schema: CustomResourceSchema, length: number): Mutable[] {
  const next = nextItemOf(value, schema);
  return Array.from({ length }, (_, index) => value[index] ?? varied(next, index));
}

function nextItemOf(value: Mutable[], schema: CustomResourceSchema): Mutable {
  return value[0] ?? (schema.items === undefined ? null : smallest(schema.items));
}

/** The value made unlike its like in the names and ports that lists are keyed by. */
function varied(value: Mutable, index: number): Mutable {
  if (typeof value === "string") return `${value}${String(index)}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const copy = { ...value };
  if (typeof copy["name"] === "string") copy["name"] += String(index);
  if (typeof copy["port"] === "number") copy["port"] = 1000 + index;
  return copy;
}

function withoutOptional(value: Fields, schema: CustomResourceSchema): readonly Fields[] {
  const optional = Object.keys(value).filter((name) => !(schema.required ?? []).includes(name));
  return optional.map((name) => Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)));
}

function withAnother(value: Fields, schema: CustomResourceSchema): readonly Fields[] {
  const absent = Object.entries(schema.properties ?? {}).filter(([name]) => !(name in value));
  const entries = schema.additionalProperties === undefined ? [] : words;
  return [
    ...absent.map(([name, field]) => ({ ...value, [name]: smallest(field) })),
    ...entries.map((word) => ({ ...value, [word]: "a" })),
  ];
}

/** A small value of the schema: what is required, and nothing else. */
function smallest(schema: CustomResourceSchema): Mutable {
  if (schema.enum?.[0] !== undefined) return schema.enum[0] as Mutable;
  if (schema.type === "string") return wordsAllowedBy(schema)[0] ?? "a";
  if (schema.type === "integer") return schema.minimum ?? 0;
  if (schema.type === "boolean") return true;
  if (schema.type === "array") {
    return schema.items === undefined ? [] : Array<Mutable>(schema.minItems ?? 0).fill(smallest(schema.items));
  }
  const fields: Fields = {};
  for (const name of schema.required ?? []) {
    const field = schema.properties?.[name];
    if (field !== undefined) fields[name] = smallest(field);
  }
  return fields;
}
