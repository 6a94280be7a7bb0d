/**
 * Changes on their way to whoever is told: whatever came by the time of the next turn of the event loop goes together, and nothing
 * before the first state is complete.
 */
import type { ObjectChange } from "../object-change.ts";

export class ChangeBatches implements Disposable {
  readonly #onChanges: (changes: readonly ObjectChange[]) => void;
  #changes: ObjectChange[] = [];
  #isOpen = false;
  #isScheduled = false;
  #isStopped = false;

  /** `onChanges`: at least one. */
  constructor(onChanges: (changes: readonly ObjectChange[]) => void) {
    this.#onChanges = onChanges;
  }

  /** Whether anything is told by itself: from the first `flush` on. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nothing is no change. */
  push(change: ObjectChange | undefined): void {
    if (change === undefined) return;
    this.#changes.push(change);
    if (!this.#isOpen || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  /** Tells at once what there is, and from now on what comes. */
  flush(): void {
    this.#isOpen = true;
    this.#isScheduled = false;
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length > 0 && !this.#isStopped) this.#onChanges(changes);
  }

  /** Nothing more is told. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
  }
}
