/**
 * What went wrong in the graph, by "collection/input": a derivation that threw, an output key that was taken, an index
 * function that threw. An entry goes when its cause does.
 */

export interface Failure {
  readonly collection: string;
  /** The key of the input that could not be computed; of a union, the collection that could not have its key. */
  readonly input: string;
  readonly error: unknown;
}

export class Failures {
  readonly #errors = new Map<string, unknown>();
  #news: Failure[] = [];

  get errors(): ReadonlyMap<string, unknown> {
    return this.#errors;
  }

  /** It is news when it is the first of its input, or says something else than the one before. */
  record(collection: string, input: string, error: unknown): void {
    const id = idOf(collection, input);
    const isNews = !this.#errors.has(id) || String(this.#errors.get(id)) !== String(error);
    this.#errors.set(id, error);
    if (isNews) this.#news.push({ collection, input, error });
  }

  clear(collection: string, input: string): void {
    if (this.#errors.size > 0) this.#errors.delete(idOf(collection, input));
  }

  /** What was recorded since the last call. */
  takeNews(): readonly Failure[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }
}

const idOf = (collection: string, input: string): string => `${collection}/${input}`;
