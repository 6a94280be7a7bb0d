/**
 * Moves objects along the boundaries of a schema: a few changes at random places, as numbers that fast-check can shrink,
 * or each change at each kind of place.
 */
import { lawfulValuesAt, valuesAt } from "./changes.ts";
import type { CustomResourceSchema, Json } from "./custom-resource-schema.ts";
import { change, isRuled, type Mutable, type Place, placesIn, withChange } from "./places.ts";
import { canonical, factsOf } from "./schema-facts.ts";

export interface Mutation {
  readonly place: number;
  readonly kind: number;
  /** Whether the schema itself shall stay satisfied, so that the cross-field rules are what is left to decide. */
  readonly isLawful: boolean;
}

/** The mutated object; the one given stays. */
export function mutated(object: Json, schema: CustomResourceSchema, mutations: readonly Mutation[]): Json {
  const root = rootOf(object);
  for (const mutation of mutations) {
    const places = [...placesIn(root, "object", schema)];
    const ruled = mutation.isLawful ? places.filter(isRuled) : [];
    const choice = ruled.length > 0 ? ruled : places;
    const place = choice[mutation.place % choice.length];
    if (place === undefined) break;
    const values = mutation.isLawful ? lawfulValuesAt(place, places) : valuesAt(place, places);
    if (values.length > 0) change(place, values[mutation.kind % values.length]);
  }
  return root.object;
}

/**
 * The object with one change, for each change at each place whose kind was not `seen`. Places are of one kind when they have the
 * same name in what holds them and that has the same schema; or, for a text that no cross-field rule reads, when
 * they have the same schema themselves.
 */
export function* everyMutation(object: Json, schema: CustomResourceSchema, seen: Set<string>): Generator<Json> {
  const root = rootOf(object);
  const places = [...placesIn(root, "object", schema)];
  for (const place of places) {
    const kind = kindOf(place);
    if (seen.has(kind)) continue;
    seen.add(kind);
    const values = [...lawfulValuesAt(place, places), ...valuesAt(place, places)];
    for (const value of new Map(values.map((one) => [JSON.stringify(one), one])).values()) {
      yield withChange(place, value, () => structuredClone(root.object));
    }
  }
}

function kindOf(place: Place): string {
  const holder = place.holders[0];
  if (holder === undefined || (place.schema.type === "string" && !isRuled(place))) return textOf(place.schema);
  return `${typeof place.key === "string" ? place.key : ""} ${textOf(holder)}`;
}

function rootOf(object: Json): { object: Mutable } {
  return { object: structuredClone(object) as Mutable };
}

const texts = new WeakMap<CustomResourceSchema, string>();

function textOf(schema: CustomResourceSchema): string {
  const text = texts.get(schema) ?? canonical([...factsOf(schema, "")]);
  texts.set(schema, text);
  return text;
}
