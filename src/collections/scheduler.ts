/**
 * Runs batches. One goes through four phases: writing (the outermost call of `batch` runs), settling (each collection is
 * computed and flushed once, in order of rank, so that each sees only finished ones), telling (failures, then
 * subscribers, then those who wait for the end), and idle again.
 */
import type { Failure, Failures } from "./failures.ts";
import type { GraphNode } from "./graph-node.ts";
import { tellEach } from "./tell-each.ts";

export class Scheduler {
  readonly onSettled: Set<() => void> = new Set();
  readonly onFailure: Set<(failure: Failure) => void> = new Set();
  readonly #failures: Failures;
  /** In order of rank, and of creation within a rank. */
  readonly #nodes: GraphNode[] = [];
  #phase: "idle" | "writing" | "settling" | "telling" = "idle";

  constructor(failures: Failures) {
    this.#failures = failures;
  }

  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  add(node: GraphNode): void {
    this.refuseWhileSettling();
    this.#nodes.push(node);
    this.#nodes.sort((a, b) => a.store.rank - b.store.rank);
    this.batch(() => {});
  }

  remove(node: GraphNode): void {
    this.refuseWhileSettling();
    const position = this.#nodes.indexOf(node);
    if (position >= 0) this.#nodes.splice(position, 1);
  }

  /** Runs `write`, then brings everything up to date. What `write` wrote before it threw counts. */
  batch(write: () => void): void {
    this.refuseWhileSettling();
    if (this.#phase === "writing") return write();
    const errors: unknown[] = [];
    this.#phase = "writing";
    try {
      write();
    } catch (error) {
      errors.push(error);
    }
    try {
      errors.push(...this.#settle());
    } finally {
      this.#phase = "idle";
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} errors in a batch, the first: ${String(errors[0])}`);
  }

  /** A write from inside a derivation or a subscriber would mix two steps, or go on for ever. */
  refuseWhileSettling(): void {
    if (this.#phase === "settling") throw new Error("a derivation may not write to the graph");
    if (this.#phase === "telling") throw new Error("a subscriber may not write while it is told; write later");
  }

  #settle(): readonly unknown[] {
    this.#phase = "settling";
    const changed = this.#nodes.filter((node) => {
      node.run();
      return node.store.flush();
    });
    this.#phase = "telling";
    const failures = this.#failures.takeNews();
    return [
      ...failures.flatMap((failure) => tellEach(this.onFailure, failure)),
      ...changed.flatMap((node) => node.store.tell()),
      ...(changed.length > 0 ? tellEach(this.onSettled, undefined) : []),
    ];
  }
}
