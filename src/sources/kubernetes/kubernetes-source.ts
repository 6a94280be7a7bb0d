/**
 * Follows a cluster: what the API server has of the kinds that Trilith reads becomes changes, those that come together as one
 * batch. Kinds come and go with their CRDs; of Secrets and ConfigMaps only those are read that are wanted.
 *
 *   at first: nothing is told until every kind's list is complete, then all of it at once; `want` is expected to follow from it;
 *             `onSynced` when the wanted objects have been told, too
 *   later:    each change as it comes; what translation does not read wakes nobody
 *   away:     what was told stays told, and `problems` says what cannot be followed
 */
import type { ApiClient, Timers } from "../../kubernetes/index.ts";
import { type Kind, kinds, type ObjectKey } from "../../resources/index.ts";
import type { ObjectChange } from "../object-change.ts";
import { ChangeBatches } from "./change-batches.ts";
import { DiscoveredKinds } from "./discovered-kinds.ts";
import { ObjectStore, type StoredVersion } from "./object-store.ts";
import { ObjectWatches } from "./object-watches.ts";
import { type BundleVersions, isBuiltIn, ServedKinds } from "./served-kinds.ts";
import {
  refusalProblems,
  type SourceProblem,
  SourceProblems,
  versionProblem,
  watchProblem,
} from "./source-problems.ts";
import { type Wanted, WANTED_KINDS, WantedObjects } from "./wanted-objects.ts";

export interface KubernetesSourceOptions {
  readonly client: ApiClient;
  /** At least one. */
  readonly onChanges: (changes: readonly ObjectChange[]) => void;
  /** The first state is complete. Called once. */
  readonly onSynced: () => void;
  /** These objects are stored in another version, be it for a status alone. */
  readonly onStored?: (keys: readonly ObjectKey[]) => void;
  readonly onBundle?: (bundle: BundleVersions) => void;
  /** `problems` has changed. */
  readonly onProblems?: () => void;
  readonly timers?: Timers;
}

/** Something of the first state that is yet to be read. */
export interface Unread {
  /** A kind, or one object. */
  readonly what: string;
  /** Why it is not, in words that name it. */
  readonly problem?: string;
}

/** Without these, there is nothing to do. */
const INDISPENSABLE_KINDS: readonly Kind[] = ["GatewayClass", "Gateway"];
/** What tells which kinds there are. */
const LISTS_OF_KINDS = ["CRDs", "discovery"];
/** Parts of Kubernetes that not every cluster has. */
const OPTIONAL_KINDS: readonly Kind[] = ["ClusterTrustBundle"];

export function startKubernetesSource(options: KubernetesSourceOptions): KubernetesSource {
  return new KubernetesSource(options);
}

/** One kind in one version. */
interface FollowedKind {
  readonly version: string;
  readonly watch: Disposable;
  isListed: boolean;
}

export class KubernetesSource implements Disposable {
  readonly #options: KubernetesSourceOptions;
  readonly #store = new ObjectStore();
  readonly #kinds = new Map<Kind, FollowedKind>();
  readonly #served: ServedKinds;
  readonly #discovered: DiscoveredKinds;
  readonly #problems: SourceProblems;
  readonly #batches: ChangeBatches;
  readonly #watches: ObjectWatches;
  readonly #wanted: WantedObjects;
  /** Of the CRDs and of the APIs that are discovered. */
  #kindListsAwaited = 2;
  #isSynced = false;
  #isStopped = false;

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.#batches = new ChangeBatches(options.onChanges);
    this.#problems = new SourceProblems(() => {
      if (!this.#isStopped) options.onProblems?.();
    });
    this.#watches = new ObjectWatches({
      client: options.client,
      store: this.#store,
      problems: this.#problems,
      onChange: (change) => this.#batches.push(change),
      onStored: (keys) => this.#isSynced && options.onStored?.(keys),
      timers: options.timers,
    });
    this.#wanted = new WantedObjects({
      client: options.client,
      watches: this.#watches,
      store: this.#store,
      problems: this.#problems,
      onSettled: () => this.#settle(),
      timers: options.timers,
    });
    for (const { kind, versions } of Object.values(kinds))
      if (isBuiltIn(kind) && ![...WANTED_KINDS, ...OPTIONAL_KINDS].includes(kind)) this.#follow(kind, versions[0]);
    this.#served = new ServedKinds({
      client: options.client,
      onKind: (kind, version, offered) => this.#takeKind(kind, version, offered),
      onBundle: (bundle) => options.onBundle?.(bundle),
      onSynced: () => this.#knowKinds(),
      onProblem: (problem) => this.#problems.set("CRDs", problem && watchProblem("CRDs", problem)),
      timers: options.timers,
    });
    this.#discovered = new DiscoveredKinds({
      client: options.client,
      kinds: OPTIONAL_KINDS,
      onKind: (kind, version) => this.#takeKind(kind, version, []),
      onSynced: () => this.#knowKinds(),
      onProblem: (problem) =>
        this.#problems.set("discovery", problem && watchProblem("The APIs of the cluster", problem)),
      timers: options.timers,
    });
  }

  /** What the API server has stored of objects whose status is written, as it was last seen. */
  get stored(): ReadonlyMap<ObjectKey, StoredVersion> {
    return this.#store.stored;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** What of the first state has not been read yet. */
  get unread(): readonly Unread[] {
    if (this.#isSynced) return [];
    const kindsUnlisted = [...this.#kinds].flatMap(([kind, { isListed }]) => (isListed ? [] : [kind]));
    const definitions = this.#kindListsAwaited > 0 ? LISTS_OF_KINDS.map((label) => this.#unreadOf(label)) : [];
    const unread = [...kindsUnlisted, ...this.#wanted.unread].map((label) => this.#unreadOf(label));
    return [...definitions.filter(({ problem }) => problem), ...unread];
  }

  get problems(): readonly SourceProblem[] {
    return [...this.#problems.all, ...refusalProblems(this.#store)];
  }

  /** Follows exactly this of Secrets, ConfigMaps and Pods: what else is known of them is forgotten, and told as gone. */
  want(wanted: Iterable<Wanted>): void {
    this.#wanted.want(wanted);
    this.#settle();
  }

  /** Nothing more is told. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#batches[Symbol.dispose]();
    this.#served[Symbol.dispose]();
    this.#discovered[Symbol.dispose]();
    this.#wanted[Symbol.dispose]();
    for (const { watch } of this.#kinds.values()) watch[Symbol.dispose]();
  }

  #knowKinds(): void {
    this.#kindListsAwaited -= 1;
    if (this.#kindListsAwaited === 0)
      for (const kind of INDISPENSABLE_KINDS) if (!this.#kinds.has(kind)) this.#takeKind(kind, undefined, []);
    this.#settle();
  }

  #takeKind(kind: Kind, version: string | undefined, offered: readonly string[]): void {
    const isMissed = version === undefined && (offered.length > 0 || INDISPENSABLE_KINDS.includes(kind));
    this.#problems.set(`served ${kind}`, isMissed ? versionProblem(kind, offered) : undefined);
    if (version === undefined) this.#unfollow(kind);
    else this.#follow(kind, version);
    this.#settle();
  }

  /** In another version than before: what the old one told stays until the new one's list is complete. */
  #follow(kind: Kind, version = "v1"): void {
    const before = this.#kinds.get(kind);
    if (before?.version === version) return;
    before?.watch[Symbol.dispose]();
    const { group, plural } = kinds[kind];
    const listed = new Set<ObjectKey>();
    const followed: FollowedKind = {
      version,
      isListed: false,
      watch: this.#watches.open({
        kind,
        resource: { group, version, plural },
        label: kind,
        onSet: (key) => void (followed.isListed || listed.add(key)),
        onListed: () => {
          for (const key of this.#store.keysOf(kind)) if (!listed.has(key)) this.#watches.forget(kind, key);
          listed.clear();
          followed.isListed = true;
          this.#settle();
        },
      }),
    };
    this.#kinds.set(kind, followed);
  }

  #unfollow(kind: Kind): void {
    this.#kinds.get(kind)?.watch[Symbol.dispose]();
    this.#kinds.delete(kind);
    this.#problems.set(kind, undefined);
    for (const key of this.#store.keysOf(kind)) this.#watches.forget(kind, key);
  }

  #unreadOf(label: string): Unread {
    const problem = this.#problems.of(label)?.message;
    return { what: label, ...(problem !== undefined && { problem }) };
  }

  #settle(): void {
    if (this.#isSynced || this.#isStopped || this.#kindListsAwaited > 0) return;
    if (![...this.#kinds.values()].every(({ isListed }) => isListed)) return;
    if (!this.#batches.isOpen) this.#batches.flush();
    if (this.#wanted.unread.size > 0) return;
    this.#batches.flush();
    // What has just been told may have made more wanted.
    if (this.#isSynced || this.#wanted.unread.size > 0) return;
    this.#isSynced = true;
    this.#options.onSynced();
  }
}
