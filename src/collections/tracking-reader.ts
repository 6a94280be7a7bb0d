/**
 * The reader of one call of one derivation: hands out values and keeps what was read, to be registered when the call is
 * over. What was read before a call threw counts as well: a change of it is what can repair the input.
 */
import type { Collection, Index, Reader } from "./collection.ts";
import { StoreIndex } from "./store-index.ts";
import { type Store, storeOf } from "./store.ts";
import { structurallyEqual } from "./structurally-equal.ts";
import type { Read, Watchers } from "./watchers.ts";

/** Whose call it is. */
export interface ReadingNode {
  readonly name: string;
  /** The collections that may be read. */
  readonly declared: ReadonlySet<Collection<unknown>>;
  wake(input: string): void;
}

export class TrackingReader implements Reader {
  readonly #node: ReadingNode;
  readonly #input: string;
  readonly #reads: Read[] = [];
  /** What is read as a whole is registered once, however often it is read. */
  readonly #whole = new Map<Watchers, Set<string>>();
  #isOver = false;

  constructor(node: ReadingNode, input: string) {
    this.#node = node;
    this.#input = input;
  }

  get<T>(from: Collection<T>, key: string): T | undefined {
    const store = this.#storeOf(from);
    this.#readWhole(store.keyReads, key);
    return store.get(key);
  }

  pick<T, P>(from: Collection<T>, key: string, project: (value: T | undefined) => P): P {
    const store = this.#storeOf(from);
    const seen = this.#tryOrReadWhole(store.keyReads, key, () => project(store.get(key)));
    this.#read(store.keyReads, key, () => hasChanged(() => structurallyEqual(project(store.get(key)), seen)));
    return seen;
  }

  by<T>(index: Index<T>, token: string): readonly T[] {
    const { reads } = this.#indexOf(index);
    this.#readWhole(reads, token);
    return index.lookup(token);
  }

  count(index: Index<unknown>, token: string): number {
    const { reads } = this.#indexOf(index);
    const seen = index.lookup(token).length;
    this.#read(reads, token, () => index.lookup(token).length !== seen);
    return seen;
  }

  all<T>(from: Collection<T>): readonly T[] {
    return this.#readEverything(this.#storeOf(from).everything());
  }

  /** Ends the call: the reader throws from now on. Gives what was read. */
  close(): readonly Read[] {
    this.#isOver = true;
    return this.#reads;
  }

  #readEverything<T>(index: StoreIndex<T>): readonly T[] {
    this.#readWhole(index.reads, "");
    return index.lookup("");
  }

  #storeOf<T>(collection: Collection<T>): Store<T> {
    const { name, declared } = this.#node;
    if (this.#isOver) throw new Error(`${name} reads ${collection.name} after its call`);
    if (!declared.has(collection)) throw new Error(`${name} reads ${collection.name} but does not declare it`);
    return storeOf(collection);
  }

  #indexOf<T>(index: Index<T>): StoreIndex<T> {
    this.#storeOf(index.of);
    if (index instanceof StoreIndex) return index as StoreIndex<T>;
    throw new Error(`the index "${index.name}" was not made by a graph`);
  }

  #readWhole(place: Watchers, token: string): void {
    const tokens = this.#whole.get(place);
    if (tokens?.has(token)) return;
    if (tokens === undefined) this.#whole.set(place, new Set([token]));
    else tokens.add(token);
    this.#read(place, token, undefined);
  }

  #read(place: Watchers, token: string, isStale: (() => boolean) | undefined): void {
    this.#reads.push({ place, token, input: this.#input, reader: this.#node, isStale });
  }

  #tryOrReadWhole<P>(place: Watchers, token: string, project: () => P): P {
    try {
      return project();
    } catch (error) {
      this.#readWhole(place, token);
      throw error;
    }
  }
}

/** A projection that throws on the new value has changed: the input is computed again and fails where it can be seen. */
function hasChanged(isSame: () => boolean): boolean {
  try {
    return !isSame();
  } catch {
    return true;
  }
}
