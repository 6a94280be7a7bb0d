/**
 * A lifetime: what is made in a graph while a scope runs goes when the scope is disposed. Nothing of it stays behind, no
 * reader, index or subscription on the collections outside.
 */
export class Scope implements Disposable {
  readonly #parts = new Set<Disposable>();
  readonly #enter: (scope: Scope) => Disposable;
  readonly #outer: Scope | undefined;
  #isDisposed = false;

  /** `enter` makes the scope the one that things are made in, until what it returns is disposed. */
  constructor(enter: (scope: Scope) => Disposable, outer: Scope | undefined) {
    this.#enter = enter;
    this.#outer = outer;
    outer?.add(this);
  }

  /** Calls `make`, which must be synchronous; may be called several times. */
  run<R>(make: () => R): R {
    if (this.#isDisposed) throw new Error("the scope was disposed");
    const entered = this.#enter(this);
    try {
      return make();
    } finally {
      entered[Symbol.dispose]();
    }
  }

  /** Takes in a part that a scope disposes of with itself. */
  add(part: Disposable): void {
    this.#parts.add(part);
  }

  /** Forgets a part that was disposed of on its own. */
  forget(part: Disposable): void {
    this.#parts.delete(part);
  }

  /**
   * Removes what was made, the last first. Subscribers are not told. Throws at a collection or index that something
   * outside the scope still reads; what was made before it is then still there, and dispose may be called again.
   */
  [Symbol.dispose](): void {
    for (const part of [...this.#parts].reverse()) {
      part[Symbol.dispose]();
      this.#parts.delete(part);
    }
    this.#isDisposed = true;
    this.#outer?.forget(this);
  }
}
