/** A collection of groups: a row of an index for each token that has one, remade when a member comes, goes or changes. */
import type { Group } from "./collection.ts";
import type { GraphNode } from "./graph-node.ts";
import type { StoreIndex } from "./store-index.ts";
import type { Store } from "./store.ts";

export class GroupNode<T> implements GraphNode {
  readonly kind = "group";
  readonly store: Store<Group<T>>;
  readonly reads: readonly [] = [];
  readonly recomputations = 0;
  readonly #of: Store<T>;
  readonly #index: StoreIndex<T>;
  readonly #marked: Set<string>;

  /** `index` is the group's own, and goes with it. */
  constructor(of: Store<T>, index: StoreIndex<T>, store: Store<Group<T>>) {
    this.store = store;
    this.#of = of;
    this.#index = index;
    this.#marked = new Set(index.tokens());
    index.listeners.add((tokens) => this.#mark(tokens));
    of.dependents.set(store.name, undefined);
  }

  get from(): readonly [Store<T>] {
    return [this.#of];
  }

  run(): void {
    if (this.#marked.size === 0) return;
    for (const token of this.#marked) {
      const members = this.#index.lookup(token);
      this.store.write(token, members.length === 0 ? undefined : { key: token, members });
    }
    this.#marked.clear();
  }

  remove(): void {
    this.#of.indexes.delete(this.#index);
    this.#index.remove();
    this.#of.dependents.delete(this.store.name);
  }

  #mark(tokens: ReadonlySet<string>): void {
    for (const token of tokens) this.#marked.add(token);
  }
}

/** Equality of groups, by identity: members that are equal by structure are identical already, their collection sees to that. */
export function haveSameMembers<T>(a: Group<T>, b: Group<T>): boolean {
  if (a.members === b.members) return true;
  return a.members.length === b.members.length && a.members.every((member, position) => member === b.members[position]);
}
