/**
 * What the graph offers to others, as types: keyed collections, the indexes and groups of them, and the function that
 * makes one collection from others.
 *
 * Values are plain, frozen-in-spirit data: nobody changes one after it was given to the graph. `undefined` is no value.
 */

/** What became of one key in a batch. `before` or `after` is undefined where the key did not exist; never both. */
export interface Change<out T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Values by key. The order of `values` is not defined; sort where an order is shown. */
export interface Collection<out T> {
  /** Unique in its graph, a path such as `translate/Attachments`. */
  readonly name: string;
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
}

/** A collection that is written from outside. Each write is a batch of its own unless it happens inside one. */
export interface Source<T> extends Collection<T> {
  /** Adds the value, or replaces the one of its key. */
  set(value: T): void;
  delete(key: string): void;
  /** Makes `values` the whole content. Of two values with one key the later counts. */
  replaceAll(values: Iterable<T>): void;
}

/** The values of a collection by token; a value has any number of tokens. */
export interface Index<out T> {
  readonly name: string;
  readonly of: Collection<T>;
  /** In key order. The list given never changes afterwards. */
  lookup(token: string): readonly T[];
}

/** The values that share a token, in key order. */
export interface Group<out T> {
  /** The token. */
  readonly key: string;
  /** At least one. */
  readonly members: readonly T[];
}

/** What a collection is made of. */
export interface Shape<T> {
  readonly name: string;
  /** Pure. */
  key(value: T): string;
  /**
   * Whether readers may be spared the news that `before` became `after`; structurallyEqual unless given. `Object.is` is
   * right for values that were compared already. Pure, and must not throw.
   */
  equals?(before: T, after: T): boolean;
}

/**
 * Reads collections on behalf of one input and records each read, so that the input is computed again when what it
 * read has changed. Only collections that the derivation declares may be read, and only during the call of `map`;
 * anything else throws. Lists come in key order.
 */
export interface Reader {
  get<T>(from: Collection<T>, key: string): T | undefined;
  /** Like get, but only a change of the projection (compared by structure) counts. `project` must be pure. */
  pick<T, P>(from: Collection<T>, key: string, project: (value: T | undefined) => P): P;
  by<T>(index: Index<T>, token: string): readonly T[];
  /** How many values have the token; only a change of the number counts. */
  count(index: Index<unknown>, token: string): number;
  /** Every change of the collection counts: for small collections only. */
  all<T>(from: Collection<T>): readonly T[];
}

/** A collection made by a pure function of one input at a time. */
export interface Derivation<I, O> extends Shape<O> {
  readonly from: Collection<I>;
  /** Every other collection that `map` reads. Declared, so that the graph has no cycle and can be drawn. */
  readonly reads?: readonly Collection<unknown>[];
  /**
   * The outputs of one input. Pure: it knows nothing but its arguments and writes nothing. Where it throws, or gives two
   * outputs with one key, the input keeps its last outputs and is found among the graph's failures.
   */
  map(input: I, read: Reader): Iterable<O>;
}
