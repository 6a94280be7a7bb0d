/**
 * Who may say the value of a key, when several claim it. The owner keeps a key for as long as it claims it; when it
 * lets go, the least of the other claimants takes over. Of several that claim a free key in one batch, the least gets it.
 *
 * A conflict is a mistake in the key function of a derivation. It costs the loser that key and nothing else. Conflicts alone
 * are noted here: whoever claims a key and does not wait for it is its owner, and claimants know what they claim.
 */
import { compareKeys } from "./compare-keys.ts";
import type { Store } from "./store.ts";

const NOBODY: ReadonlySet<string> = new Set();

export class Claims<T> {
  readonly #store: Store<T>;
  readonly #claimantsOf: (key: string) => Iterable<string>;
  /** The values of those who did not get a key, by key and claimant. */
  readonly #waiting = new Map<string, Map<string, T>>();
  /** The same the other way round. */
  readonly #lost = new Map<string, Set<string>>();
  /** Keys whose owner has let go in this batch, and that nobody has got since. */
  readonly #released = new Set<string>();
  #affected = new Set<string>();

  /** `claimantsOf` is only asked when there is something to tell of a conflict: it may take its time. */
  constructor(store: Store<T>, claimantsOf: (key: string) => Iterable<string>) {
    this.#store = store;
    this.#claimantsOf = claimantsOf;
  }

  /**
   * Within a batch, what is released must be released first, and claimants must come in key order. `isClaimed`: the claimant
   * has claimed the key before, and not released it.
   */
  claim(claimant: string, key: string, value: T, isClaimed: boolean): void {
    const isOwner = isClaimed && !this.#isWaiting(claimant, key);
    if (isOwner || this.#isFree(key)) this.#give(key, value);
    else this.#wait(claimant, key, value);
  }

  release(claimant: string, key: string): void {
    if (this.#isWaiting(claimant, key)) this.#stopWaiting(claimant, key);
    else this.#released.add(key);
  }

  /** Ends a batch: hands over what was released. Returns those whose conflict came, went or changed. */
  settle(): ReadonlySet<string> {
    for (const key of this.#released) this.#handOver(key);
    this.#released.clear();
    if (this.#affected.size === 0) return NOBODY;
    const affected = this.#affected;
    this.#affected = new Set();
    return affected;
  }

  /** What the claimant could not have, in words; undefined when it has all it claims. */
  conflictOf(claimant: string): Error | undefined {
    const lost = this.#lost.get(claimant);
    const [key] = lost === undefined ? [] : [...lost].sort(compareKeys);
    if (key === undefined || lost === undefined) return undefined;
    const others = lost.size === 1 ? "" : ` (and ${lost.size - 1} other keys are taken)`;
    return new Error(`${this.#store.name}: ${key} of ${claimant} is held by ${this.#ownerOf(key)}${others}`);
  }

  #isWaiting(claimant: string, key: string): boolean {
    return this.#waiting.get(key)?.has(claimant) === true;
  }

  #isFree(key: string): boolean {
    if (this.#waiting.has(key)) return false;
    return this.#released.has(key) || this.#store.get(key) === undefined;
  }

  #ownerOf(key: string): string | undefined {
    for (const claimant of this.#claimantsOf(key)) if (!this.#isWaiting(claimant, key)) return claimant;
    return undefined;
  }

  #give(key: string, value: T): void {
    this.#released.delete(key);
    this.#store.write(key, value);
  }

  #wait(claimant: string, key: string, value: T): void {
    entryOf(this.#waiting, key, () => new Map<string, T>()).set(claimant, value);
    entryOf(this.#lost, claimant, () => new Set<string>()).add(key);
    this.#affected.add(claimant);
  }

  #stopWaiting(claimant: string, key: string): void {
    const waiting = this.#waiting.get(key);
    if (!waiting?.delete(claimant)) return;
    if (waiting.size === 0) this.#waiting.delete(key);
    const lost = this.#lost.get(claimant);
    lost?.delete(key);
    if (lost?.size === 0) this.#lost.delete(claimant);
    this.#affected.add(claimant);
  }

  #handOver(key: string): void {
    const waiting = this.#waiting.get(key);
    const heir = [...(waiting?.keys() ?? [])].sort(compareKeys)[0];
    const value = heir === undefined ? undefined : waiting?.get(heir);
    if (heir === undefined || value === undefined) return this.#store.write(key, undefined);
    // Those who go on waiting are told by whom the key is held now.
    for (const claimant of waiting?.keys() ?? []) this.#affected.add(claimant);
    this.#stopWaiting(heir, key);
    this.#give(key, value);
  }
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
