/**
 * The reader of one call of one derivation: hands out values and keeps what was read, to be registered when the call is
 * over. What was read before a call threw counts as well: a change of it is what can repair the input.
 */
import type { Collection, Index, Reader } from "./collection.ts";
import { CountedRead, PickedRead, WholeRead } from "./reads.ts";
import { StoreIndex } from "./store-index.ts";
import { type Store, storeOf } from "./store.ts";
import type { Read, ReadBy, Watchers } from "./watchers.ts";

/** So many reads are looked through for an equal one; when there are more, their tokens are kept besides. */
const FEW = 16;

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
  #last: Read | undefined;
  #count = 0;
  /** Where there are many: the tokens of what was read as a whole. */
  #whole: Map<Watchers, Set<string>> | undefined;
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
    this.#keep(new PickedRead(store, key, { project, seen }, this.#by));
    return seen;
  }

  by<T>(index: Index<T>, token: string): readonly T[] {
    const { reads } = this.#indexOf(index);
    this.#readWhole(reads, token);
    return index.lookup(token);
  }

  count(index: Index<unknown>, token: string): number {
    const read = new CountedRead(this.#indexOf(index), token, this.#by);
    this.#keep(read);
    return read.seen;
  }

  all<T>(from: Collection<T>): readonly T[] {
    return this.#readEverything(this.#storeOf(from).everything());
  }

  /** Ends the call: the reader throws from now on. Gives the last of what was read, which leads to the others. */
  close(): Read | undefined {
    this.#isOver = true;
    // A projection may hold on to the reader for as long as it is read.
    this.#whole = undefined;
    const last = this.#last;
    this.#last = undefined;
    return last;
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

  /** What is read as a whole is registered once, however often it is read. */
  #readWhole(place: Watchers, token: string): void {
    if (!this.#hasReadWhole(place, token)) this.#keep(new WholeRead(place, token, this.#by));
  }

  #hasReadWhole(place: Watchers, token: string): boolean {
    if (this.#count > FEW) this.#whole ??= tokensOf(this.#last);
    if (this.#whole !== undefined) return this.#whole.get(place)?.has(token) === true;
    for (let read = this.#last; read !== undefined; read = read.earlier)
      if (read instanceof WholeRead && read.place === place && read.token === token) return true;
    return false;
  }

  get #by(): ReadBy {
    return { reader: this.#node, input: this.#input, earlier: this.#last };
  }

  #keep(read: Read): void {
    this.#last = read;
    this.#count += 1;
    if (this.#whole !== undefined && read instanceof WholeRead) addToken(this.#whole, read);
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

function tokensOf(last: Read | undefined): Map<Watchers, Set<string>> {
  const tokens = new Map<Watchers, Set<string>>();
  for (let read = last; read !== undefined; read = read.earlier) if (read instanceof WholeRead) addToken(tokens, read);
  return tokens;
}

function addToken(tokens: Map<Watchers, Set<string>>, { place, token }: Read): void {
  const ofPlace = tokens.get(place);
  if (ofPlace === undefined) tokens.set(place, new Set([token]));
  else ofPlace.add(token);
}
