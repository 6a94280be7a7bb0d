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
  /** Keys that changed, by member, and whether the member had the key when this was last computed. */
  readonly #marked = new Map<string, Map<string, boolean>>();
  #isNew = true;

  constructor(members: readonly Store<T>[], store: Store<T>, failures: Failures) {
    this.store = store;
    this.#members = [...members].sort((a, b) => compareKeys(a.name, b.name));
    this.#failures = failures;
    this.#claims = new Claims(store, (key) => this.#membersWith(key));
    for (const member of members) {
      this.#mark(
        member,
        [...member.keys()].map((key) => ({ key, before: undefined })),
      );
      member.dependents.set(store.name, (changes) => this.#mark(member, changes));
    }
  }

  get from(): readonly Store<T>[] {
    return this.#members;
  }

  run(): void {
    if (this.#marked.size === 0) return;
    this.#forEachMarked((member, key, value) => value === undefined && this.#claims.release(member, key));
    this.#forEachMarked(
      (member, key, value, isClaimed) => value !== undefined && this.#claims.claim(member, key, value, isClaimed),
    );
    this.#marked.clear();
    this.#isNew = false;
    for (const member of this.#claims.settle()) this.#report(member);
  }

  remove(): void {
    for (const member of this.#members) {
      member.dependents.delete(this.store.name);
      this.#failures.clear(this.store.name, member.name);
    }
  }

  #mark(member: Store<T>, changes: readonly Pick<Change<T>, "key" | "before">[]): void {
    const keys = this.#marked.get(member.name) ?? new Map<string, boolean>();
    // What a member had before there was a union was never claimed.
    for (const { key, before } of changes) keys.set(key, before !== undefined && !this.#isNew);
    this.#marked.set(member.name, keys);
  }

  #forEachMarked(visit: (member: string, key: string, value: T | undefined, isClaimed: boolean) => void): void {
    for (const member of this.#members) {
      const keys = this.#marked.get(member.name);
      // Of most members there are none.
      if (keys === undefined) continue;
      for (const [key, isClaimed] of keys) visit(member.name, key, member.get(key), isClaimed);
    }
  }

  *#membersWith(key: string): Iterable<string> {
    for (const member of this.#members) if (member.get(key) !== undefined) yield member.name;
  }

  #report(member: string): void {
    const conflict = this.#claims.conflictOf(member);
    if (conflict === undefined) this.#failures.clear(this.store.name, member);
    else this.#failures.record(this.store.name, member, conflict);
  }
}
