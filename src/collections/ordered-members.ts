/**
 * Values in the order of their keys. Changes are noted and merged in when somebody looks, so that a batch of changes costs
 * one pass over the members, and a list that was given out never changes: only then does a change make another one.
 */
import { compareKeys } from "./compare-keys.ts";

export class OrderedMembers<T> {
  #keys: string[] = [];
  #values: T[] = [];
  #isGiven = false;
  #noted: Map<string, T | undefined> | undefined;

  /** Adds or replaces the value of the key; undefined removes it. */
  set(key: string, value: T | undefined): void {
    this.#noted ??= new Map();
    this.#noted.set(key, value);
  }

  get size(): number {
    this.#takeNoted();
    return this.#keys.length;
  }

  /** The same list until something is set. */
  values(): readonly T[] {
    this.#takeNoted();
    this.#isGiven = true;
    return this.#values;
  }

  #takeNoted(): void {
    const noted = this.#noted;
    if (noted === undefined) return;
    this.#noted = undefined;
    // A move of what is behind it for each change is the cheapest for few; a pass over all members is for many.
    if (noted.size <= 4) for (const [key, value] of noted) this.#put(key, value);
    else this.#merge(noted);
  }

  #put(key: string, value: T | undefined): void {
    const position = this.#positionOf(key, 0);
    const isThere = this.#keys[position] === key;
    if (isThere && value !== undefined) {
      if (this.#isGiven) this.#replace(this.#values.with(position, value));
      else this.#values[position] = value;
    } else if (isThere) {
      this.#keys.splice(position, 1);
      if (this.#isGiven) this.#replace(this.#values.toSpliced(position, 1));
      else this.#values.splice(position, 1);
    } else if (value !== undefined) {
      this.#keys.splice(position, 0, key);
      if (this.#isGiven) this.#replace(this.#values.toSpliced(position, 0, value));
      else this.#values.splice(position, 0, value);
    }
  }

  #replace(values: T[]): void {
    this.#values = values;
    this.#isGiven = false;
  }

  #merge(noted: ReadonlyMap<string, T | undefined>): void {
    const oldKeys = this.#keys;
    const oldValues = this.#values;
    const keys: string[] = [];
    const values: T[] = [];
    let next = 0;
    const push = (key: string, value: T | undefined): void => {
      if (value === undefined) return;
      keys.push(key);
      values.push(value);
    };
    for (const key of [...noted.keys()].sort(compareKeys)) {
      const position = this.#positionOf(key, next);
      for (; next < position; next++) push(oldKeys[next] ?? key, oldValues[next]);
      if (oldKeys[next] === key) next++;
      push(key, noted.get(key));
    }
    this.#keys = next < oldKeys.length ? keys.concat(oldKeys.slice(next)) : keys;
    this.#replace(next < oldKeys.length ? values.concat(oldValues.slice(next)) : values);
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
