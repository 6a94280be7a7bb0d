/**
 * A derived collection: computes the inputs that changed, or that read something that changed, and nothing else.
 *
 * In a batch all marked inputs are computed first, then all keys they no longer produce are released, then all they
 * produce are claimed in order of the inputs. So the outcome does not depend on the order in which they were marked, and two
 * inputs may swap keys.
 */
import { Claims } from "./claims.ts";
import type { Change, Collection, Derivation } from "./collection.ts";
import { compareKeys } from "./compare-keys.ts";
import type { Failures } from "./failures.ts";
import type { GraphNode } from "./graph-node.ts";
import { type Store, storeOf } from "./store.ts";
import { type ReadingNode, TrackingReader } from "./tracking-reader.ts";
import type { Read } from "./watchers.ts";

/** One key, as most inputs have, stands without a set around it. */
type Keys = string | ReadonlySet<string>;

interface Output<O> {
  readonly key: string;
  readonly value: O;
}

export class DerivedNode<I, O> implements GraphNode, ReadingNode {
  readonly kind = "derived";
  readonly store: Store<O>;
  readonly declared: ReadonlySet<Collection<unknown>>;
  recomputations = 0;
  readonly #derivation: Derivation<I, O>;
  readonly #from: Store<I>;
  readonly #reads: readonly Store<unknown>[];
  readonly #failures: Failures;
  readonly #claims: Claims<O>;
  readonly #marked: Set<string>;
  /** Of inputs that have outputs. */
  readonly #keysOf = new Map<string, Keys>();
  /** The last read of each input that has read something, which leads to those before it. */
  readonly #readsOf = new Map<string, Read>();
  readonly #errors = new Map<string, unknown>();

  constructor(derivation: Derivation<I, O>, store: Store<O>, failures: Failures) {
    this.store = store;
    this.#derivation = derivation;
    this.#failures = failures;
    this.#claims = new Claims(store, (key) => this.#inputsWith(key));
    this.#from = storeOf(derivation.from);
    this.#reads = (derivation.reads ?? []).map(storeOf);
    this.declared = new Set<Collection<unknown>>([this.#from, ...this.#reads]);
    this.#marked = new Set(this.#from.keys());
    for (const read of this.#reads) read.dependents.set(this.name, undefined);
    this.#from.dependents.set(this.name, (changes) => this.#markInputs(changes));
  }

  get name(): string {
    return this.store.name;
  }

  get from(): readonly [Store<I>] {
    return [this.#from];
  }

  get reads(): readonly Store<unknown>[] {
    return this.#reads;
  }

  /** Something that the input has read looks different. */
  wake(input: string): void {
    this.#marked.add(input);
  }

  run(): void {
    if (this.#marked.size === 0) return;
    const inputs = [...this.#marked].sort(compareKeys);
    this.#marked.clear();
    const results = new Map<string, readonly Output<O>[]>();
    for (const input of inputs) {
      const outputs = this.#compute(input);
      if (outputs !== undefined) results.set(input, outputs);
    }
    for (const [input, outputs] of results) this.#release(input, outputs);
    for (const [input, outputs] of results) this.#claim(input, outputs);
    const affected = this.#claims.settle();
    for (const input of affected.size === 0 ? inputs : new Set([...inputs, ...affected])) this.#report(input);
  }

  remove(): void {
    for (const input of this.#readsOf.keys()) this.#keepReads(input, undefined);
    for (const store of [this.#from, ...this.#reads]) store.dependents.delete(this.name);
    for (const input of [...this.#from.keys(), ...this.#keysOf.keys()]) this.#failures.clear(this.name, input);
  }

  #markInputs(changes: readonly Change<I>[]): void {
    for (const { key } of changes) this.#marked.add(key);
  }

  /** The input's outputs by key; undefined where its last ones stay because it failed. */
  #compute(input: string): readonly Output<O>[] | undefined {
    const value = this.#from.get(input);
    this.#errors.delete(input);
    if (value === undefined) {
      this.#keepReads(input, undefined);
      return [];
    }
    this.recomputations++;
    const reader = new TrackingReader(this, input);
    try {
      return this.#withKeys(this.#derivation.map(value, reader));
    } catch (error) {
      this.#errors.set(input, error);
      return undefined;
    } finally {
      this.#keepReads(input, reader.close());
    }
  }

  #withKeys(outputs: Iterable<O>): readonly Output<O>[] {
    const keyed = Array.from(outputs, (value) => ({ key: this.#derivation.key(value), value }));
    if (keyed.length < 2) return keyed;
    const keys = new Set<string>();
    for (const { key } of keyed) {
      if (keys.has(key)) throw new Error(`${this.name}: one input gives ${key} twice`);
      keys.add(key);
    }
    return keyed;
  }

  #keepReads(input: string, last: Read | undefined): void {
    for (let read = this.#readsOf.get(input); read !== undefined; read = read.earlier) read.place.remove(read);
    for (let read = last; read !== undefined; read = read.earlier) read.place.add(read);
    if (last === undefined) this.#readsOf.delete(input);
    else this.#readsOf.set(input, last);
  }

  #release(input: string, outputs: readonly Output<O>[]): void {
    const keys = keysOf(outputs);
    for (const key of this.#keysBefore(input)) if (!hasKey(keys, key)) this.#claims.release(input, key);
  }

  #claim(input: string, outputs: readonly Output<O>[]): void {
    const before = this.#keysOf.get(input);
    for (const { key, value } of outputs) this.#claims.claim(input, key, value, hasKey(before, key));
    const keys = keysOf(outputs);
    if (keys === undefined) this.#keysOf.delete(input);
    else this.#keysOf.set(input, keys);
  }

  #keysBefore(input: string): Iterable<string> {
    const keys = this.#keysOf.get(input) ?? [];
    return typeof keys === "string" ? [keys] : keys;
  }

  *#inputsWith(key: string): Iterable<string> {
    for (const [input, keys] of this.#keysOf) if (hasKey(keys, key)) yield input;
  }

  #report(input: string): void {
    const conflict = this.#claims.conflictOf(input);
    if (this.#errors.has(input)) this.#failures.record(this.name, input, this.#errors.get(input));
    else if (conflict !== undefined) this.#failures.record(this.name, input, conflict);
    else this.#failures.clear(this.name, input);
  }
}

function keysOf(outputs: readonly Output<unknown>[]): Keys | undefined {
  const [only] = outputs;
  return outputs.length < 2 ? only?.key : new Set(outputs.map(({ key }) => key));
}

const hasKey = (keys: Keys | undefined, key: string): boolean =>
  keys === undefined || typeof keys === "string" ? keys === key : keys.has(key);
