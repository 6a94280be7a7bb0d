/**
 * Secrets, ConfigMaps and Pods: of these, only what is wanted is read, each by a watch of its own. All of a kind are nobody's to read:
 * see docs/kubernetes.md.
 */
import { Turns } from "../../kubernetes/index.ts";
import { type Kind, kinds } from "../../resources/index.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectWatches } from "./object-watches.ts";
import type { SourceProblems } from "./source-problems.ts";

/** Something of a kind of which only what is wanted is read. */
export interface Wanted {
  /** Unique. */
  readonly key: string;
  readonly kind: "Secret" | "ConfigMap" | "Pod";
  readonly namespace: string;
  /** Absent: all of the namespace. Then nothing else of this kind may be wanted there. */
  readonly name?: string;
}

export const WANTED_KINDS: readonly Kind[] = ["Secret", "ConfigMap", "Pod"];
/**
 * Of those, so many are asked for at once. A server lets in a few hundred calls of one account and refuses more (API Priority and
 * Fairness); a list of one object takes it a millisecond, so that more at once would be no faster.
 */
const MOST_LISTS_AT_ONCE = 32;

export interface WantedObjectsOptions {
  readonly watches: ObjectWatches;
  readonly store: ObjectStore;
  readonly problems: SourceProblems;
  /** One more has been read, or may not be. */
  readonly onSettled: () => void;
}

interface FollowedWish {
  readonly wish: Wanted;
  readonly watch: Disposable;
}

export class WantedObjects implements Disposable {
  readonly #options: WantedObjectsOptions;
  readonly #followed = new Map<string, FollowedWish>();
  readonly #unread = new Set<string>();
  readonly #turns = new Turns(MOST_LISTS_AT_ONCE);

  constructor(options: WantedObjectsOptions) {
    this.#options = options;
  }

  /** Follows exactly this: what else is known of these kinds is forgotten. */
  want(wanted: Iterable<Wanted>): void {
    const wishes = new Map([...wanted].map((wish) => [wish.key, wish]));
    for (const [key, followed] of this.#followed) if (!wishes.has(key)) this.#unfollow(key, followed);
    for (const wish of wishes.values()) if (!this.#followed.has(wish.key)) this.#follow(wish);
  }

  /** What is wanted and not read yet, by its key. */
  get unread(): ReadonlySet<string> {
    return this.#unread;
  }

  [Symbol.dispose](): void {
    for (const { watch } of this.#followed.values()) watch[Symbol.dispose]();
  }

  #follow(wish: Wanted): void {
    const { watches, onSettled } = this.#options;
    const { key, kind, namespace, name } = wish;
    const settle = (): void => {
      this.#unread.delete(key);
      onSettled();
    };
    this.#unread.add(key);
    const watch = watches.open({
      kind,
      resource: { group: "", version: "v1", plural: kinds[kind].plural, namespace, ...(name && { name }) },
      label: key,
      group: `${kind}s of ${namespace}`,
      turns: this.#turns,
      onListed: settle,
      // Somebody named what Trilith may not read: that is the matter of who named it, and nobody else waits for it.
      onForbidden: settle,
    });
    this.#followed.set(key, { wish, watch });
  }

  #unfollow(key: string, { wish, watch }: FollowedWish): void {
    const { watches, store, problems } = this.#options;
    watch[Symbol.dispose]();
    this.#followed.delete(key);
    this.#unread.delete(key);
    problems.set(key, undefined);
    for (const known of store.keysOf(wish.kind, wish)) watches.forget(wish.kind, known);
  }
}
