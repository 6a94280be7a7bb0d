/** Every value inside an object that a schema knows, with where it hangs, so that it can be changed there. */
import type { CustomResourceSchema } from "./custom-resource-schema.ts";

export type Mutable = string | number | boolean | null | Mutable[] | { [name: string]: Mutable };
export type Container = Mutable[] | { [name: string]: Mutable };

export interface Place {
  readonly container: Container;
  readonly key: string | number;
  readonly value: Mutable;
  readonly schema: CustomResourceSchema;
  /** The schemas of what holds the value, the nearest first. */
  readonly holders: readonly CustomResourceSchema[];
}

/** The value at `key` and all in it, from the outside in. */
export function* placesIn(
  container: Container,
  key: string | number,
  schema: CustomResourceSchema,
  holders: readonly CustomResourceSchema[] = [],
): Generator<Place> {
  const value = Array.isArray(container) ? container[Number(key)] : container[key];
  if (value === undefined) return;
  yield { container, key, value, schema, holders };
  if (typeof value !== "object" || value === null) return;
  for (const name of Object.keys(value)) {
    const part = schema.items ?? schema.properties?.[name] ?? schema.additionalProperties;
    if (part !== undefined) yield* placesIn(value, name, part, [schema, ...holders]);
  }
}

/** Whether a cross-field rule of the value itself, or of what holds it, is likely to read the value. */
export function isRuled({ schema, holders }: Place): boolean {
  const near = [schema, ...holders.slice(0, 2)];
  return near.some((one) => (one["x-kubernetes-validations"] ?? one.oneOf) !== undefined);
}

/** Puts another value there, or nothing. The value is copied. */
export function change({ container, key }: Place, value: Mutable | undefined): void {
  if (value === undefined) {
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
  } else if (Array.isArray(container)) container[Number(key)] = structuredClone(value);
  else container[key] = structuredClone(value);
}

/** What `use` makes of the object while another value is there; the object is as before afterwards. */
export function withChange<Result>(place: Place, value: Mutable | undefined, use: () => Result): Result {
  const { container, key } = place;
  const items = Array.isArray(container) ? [...container] : [];
  change(place, value);
  const result = use();
  if (Array.isArray(container)) container.splice(0, container.length, ...items);
  else container[key] = place.value;
  return result;
}
