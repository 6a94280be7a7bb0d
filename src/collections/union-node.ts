/** Several collections as one. Where two have the same key, the one that had it first keeps it, as in a derivation. */
import { Claims } from "./claims.ts";
import type { Change } from "./collection.ts";
import { compareKeys } from "./compare-keys.ts";
import type { Failures } from "./failures.ts";
import type { GraphNode } from "./graph-node.ts";
import type { Store } from "./store.ts";

export class UnionNode<T> implements GraphNode {
  readonly kind = "union";
  readonly store: Store<T>;
  readonly reads: readonly [] = [];
  readonly recomputations = 0;
  readonly #members: readonly Store<T>[];
  readonly #failures: Failures;
  readonly #claims: Claims<T>;
  readonly #marked = new Map<string, Set<string>>();

  constructor(members: readonly Store<T>[], store: Store<T>, failures: Failures) {
    this.store = store;
    this.#members = [...members].sort((a, b) => compareKeys(a.name, b.name));
    this.#failures = failures;
    this.#claims = new Claims(store);
    for (const member of members) {
      this.#marked.set(member.name, new Set(member.keys()));
      member.dependents.set(store.name, (changes) => this.#mark(member, changes));
    }
  }

  get from(): readonly Store<T>[] {
    return this.#members;
  }

  run(): void {
    if (this.#marked.size === 0) return;
    this.#forEachMarked((member, key, value) => value === undefined && this.#claims.release(member, key));
    this.#forEachMarked((member, key, value) => value !== undefined && this.#claims.claim(member, key, value));
    this.#marked.clear();
    for (const member of this.#claims.settle()) this.#report(member);
  }

  remove(): void {
    for (const member of this.#members) {
      member.dependents.delete(this.store.name);
      this.#failures.clear(this.store.name, member.name);
    }
  }

  #mark(member: Store<T>, changes: readonly Change<T>[]): void {
    const keys = this.#marked.get(member.name) ?? new Set();
    for (const { key } of changes) keys.add(key);
    this.#marked.set(member.name, keys);
  }

  #forEachMarked(visit: (member: string, key: string, value: T | undefined) => void): void {
    for (const member of this.#members)
      for (const key of this.#marked.get(member.name) ?? []) visit(member.name, key, member.get(key));
  }

  #report(member: string): void {
    const conflict = this.#claims.conflictOf(member);
    if (conflict === undefined) this.#failures.clear(this.store.name, member);
    else this.#failures.record(this.store.name, member, conflict);
  }
}
