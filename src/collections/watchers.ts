/**
 * Who has read what of one place: the keys of a store, or the tokens of an index. A change of a token wakes those who
 * read it and no others, which is what keeps the work of a change independent of the size of collections.
 */

/** A derivation, which is told the input whose read looks different. */
export interface Waking {
  wake(input: string): void;
}

/** Whose read it is: an input of a derivation, and the read that it made before this one. */
export interface ReadBy {
  readonly reader: Waking;
  readonly input: string;
  readonly earlier: Read | undefined;
}

/**
 * One read by one input. It is linked to its neighbours, to the other reads of its token and to those of its input: there are many
 * times more reads than anything else in a graph, most tokens are read once, and a set or list of one member takes several
 * times the memory of the member.
 */
export abstract class Read {
  readonly place: Watchers;
  readonly token: string;
  readonly input: string;
  readonly earlier: Read | undefined;
  readonly #reader: Waking;
  /** Neighbours among the reads of the token, while it is registered; for Watchers alone. */
  previous: Read | undefined;
  next: Read | undefined;

  constructor(place: Watchers, token: string, { reader, input, earlier }: ReadBy) {
    this.place = place;
    this.token = token;
    this.input = input;
    this.earlier = earlier;
    this.#reader = reader;
  }

  /** Whether what was read looks different now. */
  abstract isStale(): boolean;

  wake(): void {
    if (this.isStale()) this.#reader.wake(this.input);
  }
}

export class Watchers {
  /** The first read of each token, which leads to the others. */
  readonly #firstOf = new Map<string, Read>();

  add(read: Read): void {
    const next = this.#firstOf.get(read.token);
    read.next = next;
    if (next !== undefined) next.previous = read;
    this.#firstOf.set(read.token, read);
  }

  remove(read: Read): void {
    const { token, previous, next } = read;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next !== undefined) this.#firstOf.set(token, next);
    else this.#firstOf.delete(token);
    read.previous = undefined;
    read.next = undefined;
  }

  wake(token: string): void {
    for (let read = this.#firstOf.get(token); read !== undefined; read = read.next) read.wake();
  }

  /** The number of reads. */
  get size(): number {
    let size = 0;
    for (const first of this.#firstOf.values())
      for (let read: Read | undefined = first; read !== undefined; read = read.next) size += 1;
    return size;
  }
}
