/**
 * An incremental graph of keyed collections: sources hold facts, derived collections the results of a pure function of one
 * input each, groups and indexes what belongs together. A change computes the inputs that read what changed, and no
 * others.
 *
 * Everything is synchronous. A batch settles once, in order of rank, and only then is anybody told: nobody sees a state
 * that mixes old and new.
 *
 * Every collection is a function of the sources, whatever the order and grouping of writes, with two exceptions, both
 * visible in `failures`: who holds a key that several inputs produce (see Claims), and the last good outputs of an input
 * that fails.
 *
 * What is in order: inputs are computed in key order, lists that are read and members of groups come in key order,
 * collections are told of from low rank to high, and the subscribers of one as they came. What is not: `values` of a
 * collection, and the changes of one batch among themselves.
 */
import type { Change, Collection, Derivation, Group, Index, Shape, Source } from "./collection.ts";
import { DerivedNode } from "./derived-node.ts";
import { type CollectionDescription, describeNode } from "./describe-node.ts";
import { type Failure, Failures } from "./failures.ts";
import type { GraphNode } from "./graph-node.ts";
import { GroupNode, haveSameMembers } from "./group-node.ts";
import { Scheduler } from "./scheduler.ts";
import { Scope } from "./scope.ts";
import { SourceStore } from "./source-node.ts";
import { Store, storeOf } from "./store.ts";
import { UnionNode } from "./union-node.ts";

/** What a group is made of: the tokens of each value of a collection. `by` is pure. */
export interface Grouping<T> {
  readonly name: string;
  readonly of: Collection<T>;
  by(value: T): readonly string[];
}

/** Collections whose keys differ. */
export interface Union<T> {
  readonly name: string;
  readonly of: readonly Collection<T>[];
}

export class Graph {
  readonly #failures = new Failures();
  readonly #scheduler = new Scheduler(this.#failures);
  readonly #names = new Set<string>();
  #scope: Scope | undefined;

  /** What went wrong and still is, by "collection/input": see Derivation.map and Failure. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures.errors;
  }

  /** How often the functions of derivations were called, altogether. */
  get recomputed(): number {
    return this.#scheduler.nodes.reduce((sum, { recomputations }) => sum + recomputations, 0);
  }

  source<T>(shape: Shape<T>): Source<T> {
    this.#refuseName(shape.name);
    const source = new SourceStore<T>(shape, this.#failures, (write) => this.batch(write));
    return this.#add(source, source);
  }

  /** Inside a batch the collection is empty until the batch ends; otherwise it is there at once. */
  derive<I, O>(derivation: Derivation<I, O>): Collection<O> {
    const { from, reads = [], name } = derivation;
    this.#refuseName(name);
    const store = this.#storeAbove<O>(derivation, [from, ...reads]);
    return this.#add(new DerivedNode(derivation, store, this.#failures), store);
  }

  /** A group exists while it has a member. Its key is the token. */
  groups<T>(grouping: Grouping<T>): Collection<Group<T>> {
    const { name, of } = grouping;
    this.#refuseName(name);
    const store = this.#storeAbove<Group<T>>({ name, equals: haveSameMembers }, [of]);
    const members = this.#storeOf(of);
    const index = members.addIndex(name, (value) => grouping.by(value));
    return this.#add(new GroupNode(members, index, store), store);
  }

  /** Where two of the collections have one key, the first to have it keeps it, and `failures` names the other. */
  union<T>({ name, of }: Union<T>): Collection<T> {
    this.#refuseName(name);
    const store = this.#storeAbove<T>({ name, equals: Object.is }, of);
    const members = of.map((member) => this.#storeOf(member));
    return this.#add(new UnionNode<T>(members, store, this.#failures), store);
  }

  /** Tokens are those that the pure function `by` gives for a value. */
  index<T>(of: Collection<T>, name: string, by: (value: T) => readonly string[]): Index<T> {
    this.#scheduler.refuseWhileSettling();
    const store = this.#storeOf(of);
    const index = store.addIndex(name, by);
    this.#own(() => {
      if (index.reads.size > 0) throw new Error(`the index "${name}" of ${of.name} is still read`);
      store.indexes.delete(index);
      index.remove();
    });
    return index;
  }

  /** `told` gets the changes of each batch that has some. It may not write, and what it throws is thrown by the batch. */
  subscribe<T>(to: Collection<T>, told: (changes: readonly Change<T>[]) => void): Disposable {
    // One function may subscribe twice, so it is wrapped: a set would take it once.
    return this.#listen(this.#storeOf(to).subscribers, (changes) => told(changes));
  }

  /** `told` is called once after each batch that changed anything, after all subscribers. It may not write. */
  onSettled(told: () => void): Disposable {
    return this.#listen(this.#scheduler.onSettled, () => told());
  }

  /** `told` gets each failure that is new or says something new, once its batch has settled, before the subscribers. */
  onFailure(told: (failure: Failure) => void): Disposable {
    return this.#listen(this.#scheduler.onFailure, (failure) => told(failure));
  }

  /**
   * Runs `write`, brings every collection up to date once, then tells the subscribers. Batches nest: the outermost counts.
   * If `write` throws, what it wrote before counts, and the error is thrown when everybody was told.
   */
  batch(write: () => void): void {
    this.#scheduler.batch(write);
  }

  /** What is made while the scope runs is removed with it. A scope made inside a scope goes with that one. */
  scope(): Scope {
    return new Scope((scope) => this.#enter(scope), this.#scope);
  }

  /** Every collection, in the order in which a batch computes them. */
  describe(): readonly CollectionDescription[] {
    return this.#scheduler.nodes.map(describeNode);
  }

  #storeOf<T>(collection: Collection<T>): Store<T> {
    const store = storeOf(collection);
    if (this.#scheduler.nodes.some((node) => node.store === store)) return store;
    throw new Error(`${collection.name} is not, or no longer, of this graph`);
  }

  #storeAbove<T>(shape: Pick<Shape<T>, "name" | "equals">, inputs: readonly Collection<unknown>[]): Store<T> {
    const rank = 1 + Math.max(0, ...inputs.map((input) => this.#storeOf(input).rank));
    return new Store<T>(shape, rank, this.#failures);
  }

  /** Asked before a collection is made, since a node registers with others as it is made. */
  #refuseName(name: string): void {
    this.#scheduler.refuseWhileSettling();
    if (this.#names.has(name)) throw new Error(`two collections are named ${name}`);
  }

  #add<C extends Collection<unknown>>(node: GraphNode, collection: C): C {
    const { name, dependents } = node.store;
    this.#names.add(name);
    this.#own(() => {
      if (dependents.size > 0) throw new Error(`${name} is still read by ${[...dependents.keys()].join(", ")}`);
      this.#scheduler.remove(node);
      node.remove();
      this.#names.delete(name);
    });
    this.#scheduler.add(node);
    return collection;
  }

  #listen<L>(listeners: Set<L>, listener: L): Disposable {
    listeners.add(listener);
    return this.#own(() => void listeners.delete(listener));
  }

  /** Makes `remove` part of the scope that runs, if one does. */
  #own(remove: () => void): Disposable {
    const scope = this.#scope;
    const part = {
      [Symbol.dispose]: () => {
        remove();
        scope?.forget(part);
      },
    };
    scope?.add(part);
    return part;
  }

  #enter(scope: Scope): Disposable {
    const outer = this.#scope;
    this.#scope = scope;
    return { [Symbol.dispose]: () => void (this.#scope = outer) };
  }
}
