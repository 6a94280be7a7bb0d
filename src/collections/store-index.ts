/**
 * An index that its store keeps up to date: rows of values by token, those who read a token, and those who want to know
 * which tokens a batch has touched (groups).
 */
import type { Collection, Index } from "./collection.ts";
import type { Failures } from "./failures.ts";
import { OrderedMembers } from "./ordered-members.ts";
import { Watchers } from "./watchers.ts";

export class StoreIndex<T> implements Index<T> {
  readonly name: string;
  readonly of: Collection<T>;
  readonly reads: Watchers = new Watchers();
  /** Told the tokens of values that came, went or changed, once per batch. */
  readonly listeners: Set<(tokens: ReadonlySet<string>) => void> = new Set();
  readonly #by: (value: T) => readonly string[];
  readonly #failures: Failures;
  readonly #failed = new Set<string>();
  readonly #rows = new Map<string, OrderedMembers<T>>();
  #touched = new Set<string>();
  #isRemoved = false;

  constructor(name: string, of: Collection<T>, by: (value: T) => readonly string[], failures: Failures) {
    this.name = name;
    this.of = of;
    this.#by = by;
    this.#failures = failures;
  }

  lookup(token: string): readonly T[] {
    if (this.#isRemoved) throw new Error(`the index "${this.name}" of ${this.of.name} was removed`);
    return this.#rows.get(token)?.values() ?? [];
  }

  /** How many there are: looking them up would make a list of them. */
  count(token: string): number {
    return this.#rows.get(token)?.size ?? 0;
  }

  /** Every token that has a value. */
  tokens(): IterableIterator<string> {
    return this.#rows.keys();
  }

  /** Takes in that the store's value of `key` changed. A token that both values have is touched too: its row changed. */
  put(key: string, before: T | undefined, after: T | undefined): void {
    const oldTokens = before === undefined || this.#failed.has(key) ? [] : this.#by(before);
    if (this.#failed.delete(key)) this.#failures.clear(this.#failureName, key);
    const newTokens = after === undefined ? [] : this.#tokensOf(key, after);
    for (const token of oldTokens) this.#setIn(token, key, undefined);
    for (const token of newTokens) this.#setIn(token, key, after);
  }

  /** Ends a batch: wakes the readers of what it touched. */
  flush(): void {
    if (this.#touched.size === 0) return;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const token of touched) if (this.count(token) === 0) this.#rows.delete(token);
    for (const token of touched) this.reads.wake(token);
    for (const listener of this.listeners) listener(touched);
  }

  remove(): void {
    this.#isRemoved = true;
    this.#rows.clear();
    for (const key of this.#failed) this.#failures.clear(this.#failureName, key);
  }

  #setIn(token: string, key: string, value: T | undefined): void {
    this.#touched.add(token);
    let row = this.#rows.get(token);
    if (row === undefined) this.#rows.set(token, (row = new OrderedMembers()));
    row.set(key, value);
  }

  /** A value whose tokens cannot be told has none; the graph's failures say so. */
  #tokensOf(key: string, value: T): readonly string[] {
    try {
      return this.#by(value);
    } catch (error) {
      this.#failed.add(key);
      this.#failures.record(this.#failureName, key, error);
      return [];
    }
  }

  get #failureName(): string {
    return `${this.of.name}[${this.name}]`;
  }
}
