/** The ways of reading, by what has to change before a read looks different. */
import type { StoreIndex } from "./store-index.ts";
import type { Store } from "./store.ts";
import { structurallyEqual } from "./structurally-equal.ts";
import { Read, type ReadBy } from "./watchers.ts";

/** Of a value, or of a row of an index: every change counts. */
export class WholeRead extends Read {
  isStale(): boolean {
    return true;
  }
}

/** Of a part of a value. */
export class PickedRead<T, P> extends Read {
  readonly #store: Store<T>;
  readonly #project: (value: T | undefined) => P;
  readonly #seen: P;

  constructor(
    store: Store<T>,
    key: string,
    { project, seen }: { readonly project: (value: T | undefined) => P; readonly seen: P },
    by: ReadBy,
  ) {
    super(store.keyReads, key, by);
    this.#store = store;
    this.#project = project;
    this.#seen = seen;
  }

  /** A projection that throws on the new value has changed: the input is computed again and fails where it can be seen. */
  isStale(): boolean {
    try {
      return !structurallyEqual(this.#project(this.#store.get(this.token)), this.#seen);
    } catch {
      return true;
    }
  }
}

/** Of the number of values that have a token. */
export class CountedRead extends Read {
  readonly seen: number;
  readonly #index: StoreIndex<unknown>;

  constructor(index: StoreIndex<unknown>, token: string, by: ReadBy) {
    super(index.reads, token, by);
    this.#index = index;
    this.seen = index.count(token);
  }

  isStale(): boolean {
    return this.#index.count(this.token) !== this.seen;
  }
}
