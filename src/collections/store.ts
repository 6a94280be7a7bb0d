/**
 * The values of one collection, with everything that must move when one changes: indexes, readers, dependent nodes and
 * subscribers. Writes are collected until `flush`, which runs once per batch, after everything of lower rank was flushed.
 */
import type { Change, Collection, Shape } from "./collection.ts";
import type { Failures } from "./failures.ts";
import { StoreIndex } from "./store-index.ts";
import { structurallyEqual } from "./structurally-equal.ts";
import { tellEach } from "./tell-each.ts";
import { Watchers } from "./watchers.ts";

/** Told all changes of a batch at once. */
export type Listener<T> = (changes: readonly Change<T>[]) => void;

export class Store<T> implements Collection<T> {
  readonly name: string;
  /** 0 for a source, otherwise one more than the highest of what the collection is made from. */
  readonly rank: number;
  readonly keyReads: Watchers = new Watchers();
  /** Nodes that are made from this collection or read it, by name; told the changes they asked for. */
  readonly dependents: Map<string, Listener<T> | undefined> = new Map();
  readonly subscribers: Set<Listener<T>> = new Set();
  readonly indexes: Set<StoreIndex<T>> = new Set();
  readonly #equals: (before: T, after: T) => boolean;
  readonly #failures: Failures;
  readonly #items = new Map<string, T>();
  /** The values that this batch's keys had before it. */
  #before = new Map<string, T | undefined>();
  /** Most collections are not concerned by most batches. */
  #isTouched = false;
  #untold: readonly Change<T>[] = [];
  #everything: StoreIndex<T> | undefined;

  constructor({ name, equals }: Pick<Shape<T>, "name" | "equals">, rank: number, failures: Failures) {
    this.name = name;
    this.rank = rank;
    this.#equals = equals ?? structurallyEqual;
    this.#failures = failures;
  }

  get size(): number {
    return this.#items.size;
  }

  /** The number of reads, by key or as a whole, that depend on it. */
  get watches(): number {
    return this.keyReads.size + (this.#everything?.reads.size ?? 0);
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): IterableIterator<T> {
    return this.#items.values();
  }

  keys(): IterableIterator<string> {
    return this.#items.keys();
  }

  /** Stores the value, or removes it when undefined. A value equal to the one that is there, or was before the batch, is not taken. */
  write(key: string, value: T | undefined): void {
    const before = this.#items.get(key);
    if (this.#isSame(before, value)) return;
    this.#isTouched = true;
    const after = this.#noteChange(key, before, value);
    if (after === undefined) this.#items.delete(key);
    else this.#items.set(key, after);
    for (const index of this.indexes) index.put(key, before, after);
    this.#everything?.put(key, before, after);
  }

  addIndex(name: string, by: (value: T) => readonly string[]): StoreIndex<T> {
    const index = new StoreIndex<T>(name, this, by, this.#failures);
    for (const [key, value] of this.#items) index.put(key, undefined, value);
    this.#isTouched = true;
    this.indexes.add(index);
    return index;
  }

  /** All values under the empty token; kept once somebody asked. */
  everything(): StoreIndex<T> {
    if (this.#everything !== undefined) return this.#everything;
    const index = new StoreIndex<T>("everything", this, () => [""], this.#failures);
    for (const [key, value] of this.#items) index.put(key, undefined, value);
    this.#isTouched = true;
    return (this.#everything = index);
  }

  /** Ends the batch here: wakes readers and dependents. Returns whether anything changed. */
  flush(): boolean {
    if (!this.#isTouched) return false;
    this.#isTouched = false;
    for (const index of this.indexes) index.flush();
    this.#everything?.flush();
    if (this.#before.size === 0) return false;
    const changes = [...this.#before].map(([key, before]) => ({ key, before, after: this.#items.get(key) }));
    this.#before = new Map();
    for (const { key } of changes) this.keyReads.wake(key);
    for (const listener of this.dependents.values()) listener?.(changes);
    // Kept until the whole batch has settled: nothing is where nobody will be told.
    if (this.subscribers.size > 0) this.#untold = changes;
    return true;
  }

  /** Tells the subscribers what the last flush found; what they throw is returned, so that each is told. */
  tell(): readonly unknown[] {
    const changes = this.#untold;
    this.#untold = [];
    return changes.length === 0 ? [] : tellEach(this.subscribers, changes);
  }

  #isSame(before: T | undefined, after: T | undefined): boolean {
    if (before === after) return true;
    return before !== undefined && after !== undefined && this.#equals(before, after);
  }

  /** Gives what is to be stored: the value of before the batch when the key came back to it, as nothing happened then. */
  #noteChange(key: string, before: T | undefined, value: T | undefined): T | undefined {
    if (!this.#before.has(key)) {
      this.#before.set(key, before);
      return value;
    }
    const first = this.#before.get(key);
    if (!this.#isSame(first, value)) return value;
    this.#before.delete(key);
    return first;
  }
}

/** The store behind a collection; throws for a collection that no graph has made. */
export function storeOf<T>(collection: Collection<T>): Store<T> {
  if (collection instanceof Store) return collection as Store<T>;
  throw new Error(`${collection.name} was not made by a graph`);
}
