/**
 * Secrets, ConfigMaps and Pods: of these, only what is wanted is read, each by a watch of its own; where many are wanted in one namespace,
 * by one watch that tells their versions, since each costs memory here and in the API server: see docs/kubernetes.md.
 */
import { type ApiClient, type ApiError, type ResourceLocation, type Timers, Turns } from "../../kubernetes/index.ts";
import { type Kind, kinds } from "../../resources/index.ts";
import { CrowdedNamespace } from "./crowded-namespace.ts";
import { keyOf, type ObjectStore } from "./object-store.ts";
import type { ObjectWatches } from "./object-watches.ts";
import { type SourceProblems, watchProblem } from "./source-problems.ts";

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
/** Of a kind in one namespace. As much memory as a hundred of them take have the names of a few thousand objects. */
const MOST_WATCHED_ONE_BY_ONE = 100;

export interface WantedObjectsOptions {
  readonly client: ApiClient;
  readonly watches: ObjectWatches;
  readonly store: ObjectStore;
  readonly problems: SourceProblems;
  /** One more has been read, or may not be. */
  readonly onSettled: () => void;
  readonly timers?: Timers | undefined;
}

interface FollowedWish {
  readonly wish: Wanted;
  watch: Disposable;
}

/** One object. */
type NamedWish = Wanted & { readonly name: string };

const isNamed = (wish: Wanted): wish is NamedWish => wish.name !== undefined;

type Place = Pick<Wanted, "kind" | "namespace">;

const resourceOf = ({ kind, namespace }: Place): ResourceLocation => ({
  group: "",
  version: "v1",
  plural: kinds[kind].plural,
  namespace,
});

/** In words for people. */
const placeOf = ({ kind, namespace }: Place): string => `${kind}s of ${namespace}`;

export class WantedObjects implements Disposable {
  readonly #options: WantedObjectsOptions;
  readonly #followed = new Map<string, FollowedWish>();
  /** By `placeOf`. One stays until nothing there is wanted. */
  readonly #crowds = new Map<string, CrowdedNamespace>();
  readonly #unread = new Set<string>();
  readonly #turns = new Turns(MOST_LISTS_AT_ONCE);

  constructor(options: WantedObjectsOptions) {
    this.#options = options;
  }

  /** Follows exactly this: what else is known of these kinds is forgotten. */
  want(wanted: Iterable<Wanted>): void {
    const wishes = new Map([...wanted].map((wish) => [wish.key, wish]));
    for (const [key, followed] of this.#followed) if (!wishes.has(key)) this.#unfollow(key, followed);
    for (const [place, crowd] of this.#crowds) if (crowd.isEmpty) this.#disperse(place, crowd);
    const named = [...wishes.values()].filter(isNamed);
    for (const [place, there] of Map.groupBy(named, placeOf))
      if (there.length > MOST_WATCHED_ONE_BY_ONE && !this.#crowds.has(place)) this.#gather(place, there);
    for (const wish of wishes.values()) if (!this.#followed.has(wish.key)) this.#follow(wish);
  }

  /** What is wanted and not read yet, by its key. */
  get unread(): ReadonlySet<string> {
    return this.#unread;
  }

  [Symbol.dispose](): void {
    for (const { watch } of this.#followed.values()) watch[Symbol.dispose]();
    for (const crowd of this.#crowds.values()) crowd[Symbol.dispose]();
  }

  #follow(wish: Wanted): void {
    this.#unread.add(wish.key);
    const crowd = isNamed(wish) ? this.#crowds.get(placeOf(wish)) : undefined;
    const watch = crowd && isNamed(wish) ? crowd.want(wish) : this.#watch(wish);
    this.#followed.set(wish.key, { wish, watch });
  }

  #watch(wish: Wanted): Disposable {
    const { key, kind, name } = wish;
    return this.#options.watches.open({
      kind,
      resource: { ...resourceOf(wish), ...(name && { name }) },
      label: key,
      group: placeOf(wish),
      turns: this.#turns,
      onListed: () => this.#settle(key),
      // Somebody named what Trilith may not read: that is the matter of who named it, and nobody else waits for it.
      onForbidden: () => this.#settle(key),
    });
  }

  #settle(key: string): void {
    this.#unread.delete(key);
    this.#options.onSettled();
  }

  #unfollow(key: string, { wish, watch }: FollowedWish): void {
    const { watches, store, problems } = this.#options;
    watch[Symbol.dispose]();
    this.#followed.delete(key);
    this.#unread.delete(key);
    problems.set(key, undefined);
    const known = isNamed(wish) ? [keyOf(wish.kind, wish)] : store.keysOf(wish.kind, wish);
    for (const object of known) watches.forget(wish.kind, object);
  }

  /** What is known of them stays known, and is read anew. */
  #gather(place: string, wishes: readonly NamedWish[]): void {
    const [first] = wishes;
    if (first === undefined) return;
    const crowd = this.#openCrowd(place, first);
    this.#crowds.set(place, crowd);
    for (const wish of wishes) {
      const followed = this.#followed.get(wish.key);
      if (followed === undefined) continue;
      followed.watch[Symbol.dispose]();
      followed.watch = crowd.want(wish);
    }
  }

  #openCrowd(place: string, { kind, namespace }: Place): CrowdedNamespace {
    const { client, watches, problems, timers } = this.#options;
    const problemOf = (problem: ApiError | undefined) => problem && watchProblem(place, problem);
    return new CrowdedNamespace({
      client,
      resource: resourceOf({ kind, namespace }),
      turns: this.#turns,
      onRead: (object) => watches.take(kind, "v1", object),
      onGone: (name) => watches.forget(kind, keyOf(kind, { namespace, name })),
      onSettled: (key) => this.#settle(key),
      onReadProblem: (key, problem) => problems.set(key, problemOf(problem)),
      onWatchProblem: (problem) => problems.set(place, problemOf(problem)),
      timers,
    });
  }

  #disperse(place: string, crowd: CrowdedNamespace): void {
    crowd[Symbol.dispose]();
    this.#crowds.delete(place);
    this.#options.problems.set(place, undefined);
  }
}
