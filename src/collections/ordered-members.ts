/**
 * Values in the order of their keys. Changes are noted and merged in when somebody looks, so that a batch of changes costs
 * one pass over the members, and a list that was given out never changes.
 */
import { compareKeys } from "./compare-keys.ts";

export class OrderedMembers<T> {
  #keys: readonly string[] = [];
  #values: readonly T[] = [];
  #noted: Map<string, T | undefined> | undefined;

  /** Adds or replaces the value of the key; undefined removes it. */
  set(key: string, value: T | undefined): void {
    this.#noted ??= new Map();
    this.#noted.set(key, value);
  }

  /** The same list until something is set. */
  values(): readonly T[] {
    if (this.#noted !== undefined) this.#merge(this.#noted);
    this.#noted = undefined;
    return this.#values;
  }

  #merge(noted: ReadonlyMap<string, T | undefined>): void {
    const keys: string[] = [];
    const values: T[] = [];
    let next = 0;
    const keepUntil = (end: number): void => {
      for (; next < end; next++) push(this.#keys[next], this.#values[next]);
    };
    const push = (key: string | undefined, value: T | undefined): void => {
      if (key === undefined || value === undefined) return;
      keys.push(key);
      values.push(value);
    };
    for (const key of [...noted.keys()].sort(compareKeys)) {
      const position = this.#positionOf(key, next);
      keepUntil(position);
      if (this.#keys[position] === key) next++;
      push(key, noted.get(key));
    }
    keepUntil(this.#keys.length);
    this.#keys = keys;
    this.#values = values;
  }

  /** Where the key is, or where it belongs, from `start` on. */
  #positionOf(key: string, start: number): number {
    let low = start;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] ?? key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
