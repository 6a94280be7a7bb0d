/**
 * Who has read what of one place: the keys of a store, or the tokens of an index. A change of a token wakes those who
 * read it and no others, which is what keeps the work of a change independent of the size of collections.
 */

/** One read by one input of a derivation. */
export interface Read {
  readonly place: Watchers;
  readonly token: string;
  readonly input: string;
  readonly reader: { wake(input: string): void };
  /** Whether what was read looks different now. Without it every change counts. */
  readonly isStale: (() => boolean) | undefined;
}

export class Watchers {
  readonly #reads = new Map<string, Set<Read>>();

  add(read: Read): void {
    const reads = this.#reads.get(read.token);
    if (reads === undefined) this.#reads.set(read.token, new Set([read]));
    else reads.add(read);
  }

  remove(read: Read): void {
    const reads = this.#reads.get(read.token);
    reads?.delete(read);
    if (reads?.size === 0) this.#reads.delete(read.token);
  }

  wake(token: string): void {
    for (const { reader, input, isStale } of this.#reads.get(token) ?? [])
      if (isStale === undefined || isStale()) reader.wake(input);
  }

  /** The number of reads. */
  get size(): number {
    let size = 0;
    for (const reads of this.#reads.values()) size += reads.size;
    return size;
  }
}
