/**
 * Watches of a kind, of a namespace's objects of it, or of one object: what each of them hears goes into one store, and what translation
 * has to learn of it goes on as a change. What goes wrong is a problem under the watch's label.
 */
import {
  type ApiClient,
  type ResourceLocation,
  ResourceWatch,
  type Timers,
  type Turns,
} from "../../kubernetes/index.ts";
import type { Kind, ObjectKey } from "../../resources/index.ts";
import type { ObjectChange } from "../object-change.ts";
import { keyOf, keyOfName, type ObjectStore } from "./object-store.ts";
import { type SourceProblems, watchProblem } from "./source-problems.ts";
import { type SentObject, trimObject } from "./trim-object.ts";

export interface ObjectWatchesOptions {
  readonly client: ApiClient;
  readonly store: ObjectStore;
  readonly problems: SourceProblems;
  readonly onChange: (change: ObjectChange) => void;
  /** At least one. */
  readonly onStored: (keys: readonly ObjectKey[]) => void;
  readonly timers?: Timers | undefined;
}

export interface ObjectWatchOptions {
  readonly kind: Kind;
  readonly resource: ResourceLocation;
  /** Of its problems; unique. */
  readonly label: string;
  /** What it is part of, for the problems that all of that have together. Default: the label. */
  readonly group?: string;
  readonly turns?: Turns;
  readonly onSet?: (key: ObjectKey) => void;
  /** Everything of the first list has been told. Called once. */
  readonly onListed: () => void;
  /** It may not be read. It is tried again all the same. */
  readonly onForbidden?: () => void;
}

export class ObjectWatches {
  readonly #options: ObjectWatchesOptions;
  #refusals = 0;

  constructor(options: ObjectWatchesOptions) {
    this.#options = options;
  }

  /** Until it is disposed of; what it told stays. */
  open({ kind, resource, label, turns, ...watch }: ObjectWatchOptions): Disposable {
    const { client, store, problems, onStored, timers } = this.#options;
    const { group = label, onSet, onListed, onForbidden } = watch;
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    return new ResourceWatch<SentObject>({
      client,
      resource,
      read: (object) => trimObject(object as unknown as SentObject, kind, apiVersion),
      onChanges: (changes) => {
        const stored: ObjectKey[] = [];
        for (const change of changes) {
          if (change.kind === "delete") this.forget(kind, keyOfName(kind, change.name));
          else {
            const key = keyOf(kind, change.item.metadata);
            onSet?.(key);
            this.#pass(store.set(kind, change.item));
            if (store.stored.has(key)) stored.push(key);
          }
        }
        this.#tellRefused();
        if (stored.length > 0) onStored(stored);
      },
      onSynced: onListed,
      onRestored: () => store.doubt(kind),
      onProblem: (problem) => {
        const isForbidden = problem?.code === "forbidden";
        problems.set(label, problem && watchProblem(isForbidden ? label : group, problem));
        if (isForbidden) onForbidden?.();
      },
      ...(turns && { turns }),
      ...(timers && { timers }),
    });
  }

  /** As the server has it now. Not for kinds of which Trilith writes the status. */
  take(kind: Kind, apiVersion: string, object: SentObject): void {
    this.#pass(this.#options.store.set(kind, trimObject(object, kind, apiVersion)));
    this.#tellRefused();
  }

  /** As if it were gone. */
  forget(kind: Kind, key: ObjectKey): void {
    this.#pass(this.#options.store.delete(kind, key));
  }

  #pass(change: ObjectChange | undefined): void {
    if (change !== undefined) this.#options.onChange(change);
  }

  #tellRefused(): void {
    const { store, problems } = this.#options;
    if (store.refusals === this.#refusals) return;
    this.#refusals = store.refusals;
    problems.tell();
  }
}
