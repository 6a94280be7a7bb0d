/**
 * Breaks an object, or moves it along a boundary, at one place that its schema names: a missing or unknown field, a
 * wrong type, one beyond a bound, a word that nearly fits, a duplicate, a second member of a union. A mutation is
 * numbers that pick the place and the change, so that fast-check shrinks it.
 */
import type { CustomResourceSchema, Json } from "./custom-resource-schema.ts";
import { stretched, wordsAllowedBy } from "./random-values.ts";
import { words } from "./words.ts";

export interface Mutation {
  readonly place: number;
  readonly kind: number;
  /** Whether the schema itself shall stay satisfied, so that the cross-field rules are what is left to decide. */
  readonly isLawful: boolean;
}

type Mutable = string | number | boolean | null | Mutable[] | { [name: string]: Mutable };
type Container = Mutable[] | { [name: string]: Mutable };

/** A value inside an object, with where it hangs and what its schema says. */
interface Place {
  readonly container: Container;
  readonly key: string | number;
  readonly value: Mutable;
  readonly schema: CustomResourceSchema;
  /** Whether the value or what holds it has cross-field rules. */
  readonly isRuled: boolean;
}

/** The mutated object; the one given stays. */
export function mutated(object: Json, schema: CustomResourceSchema, mutations: readonly Mutation[]): Json {
  const root = { object: structuredClone(object) as Mutable };
  for (const mutation of mutations) {
    const places = [...placesIn(root, "object", schema, false)];
    const ruled = mutation.isLawful ? places.filter((place) => place.isRuled) : [];
    const choice = ruled.length > 0 ? ruled : places;
    const place = choice[mutation.place % choice.length];
    if (place === undefined) break;
    const changes = mutation.isLawful ? lawfulChangesAt(place, places) : changesAt(place, places);
    changes[mutation.kind % changes.length]?.();
  }
  return root.object;
}

function* placesIn(
  container: Container,
  key: string | number,
  schema: CustomResourceSchema,
  isParentRuled: boolean,
): Generator<Place> {
  const value = entryOf(container, key);
  if (value === undefined) return;
  const hasRules = (schema["x-kubernetes-validations"] ?? schema.oneOf) !== undefined;
  yield { container, key, value, schema, isRuled: hasRules || isParentRuled };
  if (typeof value !== "object" || value === null) return;
  for (const name of Object.keys(value)) {
    const part = schema.items ?? schema.properties?.[name] ?? schema.additionalProperties;
    if (part !== undefined) yield* placesIn(value, name, part, hasRules);
  }
}

function entryOf(container: Container, key: string | number): Mutable | undefined {
  return Array.isArray(container) ? container[Number(key)] : container[key];
}

function setEntry(container: Container, key: string | number, value: Mutable): void {
  if (Array.isArray(container)) container[Number(key)] = value;
  else container[key] = value;
}

type Change = () => void;

/** What leaves the schema itself satisfied, so that only a cross-field rule can refuse it. */
function lawfulChangesAt(place: Place, places: readonly Place[]): readonly Change[] {
  const { container, key, value, schema } = place;
  const replacedBy =
    (other: Mutable): Change =>
    () =>
      setEntry(container, key, structuredClone(other));
  const twins = places.filter((other) => other !== place && other.key === key && !Array.isArray(container));
  const copies = twins.slice(0, 3).map((twin) => replacedBy(twin.value));
  if (schema.enum !== undefined) return [...schema.enum.map((other) => replacedBy(other as Mutable)), ...copies];
  if (typeof value === "boolean") return [replacedBy(!value)];
  if (typeof value === "number")
    return [
      ...numbersNear(value, schema)
        .filter((one) => isWithin(schema, one))
        .map(replacedBy),
      ...copies,
    ];
  if (typeof value === "string") return [...wordsAllowedBy(schema).map(replacedBy), ...copies];
  if (Array.isArray(value)) return lawfulListsNear(value, schema).map(replacedBy);
  if (value === null) return [];
  const optional = Object.keys(value).filter((name) => !(schema.required ?? []).includes(name));
  return [
    ...optional.map(
      (name): Change =>
        () =>
          void delete value[name],
    ),
    ...additionsTo(value, schema),
  ];
}

function isWithin(schema: CustomResourceSchema, value: number): boolean {
  const isLeast = value >= (schema.minimum ?? -(2 ** 31));
  return isLeast && value <= (schema.maximum ?? 2 ** 31 - 1) && Number.isInteger(value);
}

function lawfulListsNear(value: Mutable[], schema: CustomResourceSchema): readonly Mutable[] {
  const next = value[0] ?? (schema.items === undefined ? null : smallest(schema.items));
  const most = Math.min(schema.maxItems ?? 4, 128);
  const full = Array.from({ length: most }, (_, index) => value[index] ?? varied(next, index));
  const lists = [
    full,
    [...value, structuredClone(next)],
    [...value, varied(next, value.length)],
    value.slice(1),
    value.toReversed(),
  ];
  return lists.filter((list) => list.length >= (schema.minItems ?? 0) && list.length <= (schema.maxItems ?? 1000));
}

/** Anything at all: a wrong type, one beyond a bound, a missing field. */
function changesAt(place: Place, places: readonly Place[]): readonly Change[] {
  const { container, key, value } = place;
  const replacedBy =
    (other: Mutable): Change =>
    () =>
      setEntry(container, key, structuredClone(other));
  return [
    ...lawfulChangesAt(place, places).slice(0, 8),
    ...typedChangesAt(place, replacedBy),
    (): void => removeEntry(container, key),
    replacedBy(null),
    ...[true, 7, "text", [], {}].filter((other) => typeof other !== typeof value).map(replacedBy),
  ];
}

function typedChangesAt(place: Place, replacedBy: (other: Mutable) => Change): readonly Change[] {
  const { value, schema } = place;
  if (typeof value === "string") return stringsNear(value, schema).map(replacedBy);
  if (typeof value === "number") return numbersNear(value, schema).map(replacedBy);
  if (Array.isArray(value)) return listsNear(value, schema).map(replacedBy);
  if (typeof value === "object" && value !== null) return fieldChanges(value, schema);
  return [];
}

function stringsNear(value: string, schema: CustomResourceSchema): readonly string[] {
  const most = schema.maxLength ?? 64;
  const near = [0, 1].map((more) => stretched(value.length > 0 ? value : "a", most + more));
  const astral = "\u{1f600}".repeat(Math.min(most, 300));
  const variants = ["", ...near, `${value}x`, `${value}!`, `-${value}`, value.toUpperCase(), `${value}\n`];
  return [...variants, astral, `${astral}\u00e9`, ...words];
}

function numbersNear(value: number, schema: CustomResourceSchema): readonly number[] {
  const bounds = [schema.minimum, schema.maximum].flatMap((bound) =>
    bound === undefined ? [] : [bound - 1, bound, bound + 1],
  );
  return [...bounds, value + 1, value + 0.5, -1, 0, 80, 2 ** 31, 2 ** 53, 1e20];
}

function listsNear(value: Mutable[], schema: CustomResourceSchema): readonly Mutable[] {
  const first = value[0] ?? (schema.items === undefined ? null : smallest(schema.items));
  const most = Math.min(schema.maxItems ?? 4, 256);
  const filled = (length: number): Mutable[] =>
    Array.from({ length }, (_, index) => value[index] ?? varied(first, index));
  return [[], [...value, first], filled(most), filled(most + 1)];
}

/** The value made unlike its like in the names and ports that lists are keyed by. */
function varied(value: Mutable, index: number): Mutable {
  if (typeof value === "string") return `${value}${String(index)}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const copy = structuredClone(value);
  for (const [name, field] of Object.entries(copy)) {
    if (name === "name" && typeof field === "string") copy[name] = `${field}${String(index)}`;
    if (name === "port" && typeof field === "number") copy[name] = 1000 + index;
  }
  return copy;
}

function fieldChanges(value: { [name: string]: Mutable }, schema: CustomResourceSchema): readonly Change[] {
  return [
    (): void => void (value["unknownField"] = "text"),
    (): void => {
      for (const name of Object.keys(value)) delete value[name];
    },
    ...additionsTo(value, schema),
  ];
}

function additionsTo(value: { [name: string]: Mutable }, schema: CustomResourceSchema): readonly Change[] {
  const absent = Object.entries(schema.properties ?? {}).filter(([name]) => !(name in value));
  return [
    ...absent.map(
      ([name, field]): Change =>
        () =>
          void (value[name] = smallest(field)),
    ),
    ...(schema.additionalProperties === undefined
      ? []
      : words.map(
          (word): Change =>
            () =>
              void (value[word] = "a"),
        )),
  ];
}

/** A small value of the schema: what is required, and nothing else. */
function smallest(schema: CustomResourceSchema): Mutable {
  if (schema.enum?.[0] !== undefined) return schema.enum[0] as Mutable;
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).flatMap((name) => smallestField(name, schema.properties?.[name])),
      );
    case "array":
      return schema.items === undefined ? [] : Array<Mutable>(schema.minItems ?? 0).fill(smallest(schema.items));
    case "integer":
      return schema.minimum ?? 0;
    case "boolean":
      return true;
    case "string":
      return wordsAllowedBy(schema)[0] ?? "a";
  }
}

function smallestField(
  name: string,
  schema: CustomResourceSchema | undefined,
): readonly (readonly [string, Mutable])[] {
  return schema === undefined ? [] : [[name, smallest(schema)]];
}

function removeEntry(container: Container, key: string | number): void {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else delete container[key];
}
