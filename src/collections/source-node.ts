/** A collection that is written from outside: every write goes through a batch, so that everything follows it at once. */
import type { Shape, Source } from "./collection.ts";
import type { Failures } from "./failures.ts";
import type { GraphNode } from "./graph-node.ts";
import { Store } from "./store.ts";

export class SourceStore<T> extends Store<T> implements Source<T>, GraphNode {
  readonly kind = "source";
  readonly store: Store<T>;
  readonly from: readonly [] = [];
  readonly reads: readonly [] = [];
  readonly recomputations = 0;
  readonly #shape: Shape<T>;
  readonly #batch: (write: () => void) => void;
  #isRemoved = false;

  constructor(shape: Shape<T>, failures: Failures, batch: (write: () => void) => void) {
    super(shape, 0, failures);
    this.store = this;
    this.#shape = shape;
    this.#batch = batch;
  }

  set(value: T): void {
    this.#writeAll(() => this.write(this.#shape.key(value), value));
  }

  delete(key: string): void {
    this.#writeAll(() => this.write(key, undefined));
  }

  replaceAll(values: Iterable<T>): void {
    const next = new Map<string, T>();
    for (const value of values) next.set(this.#shape.key(value), value);
    this.#writeAll(() => {
      for (const key of this.keys()) if (!next.has(key)) this.write(key, undefined);
      for (const [key, value] of next) this.write(key, value);
    });
  }

  run(): void {}

  remove(): void {
    this.#isRemoved = true;
  }

  #writeAll(write: () => void): void {
    if (this.#isRemoved) throw new Error(`${this.name} was removed`);
    this.#batch(write);
  }
}
