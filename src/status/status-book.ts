/**
 * The statuses of objects that live in files, which have no API server to keep them: held in memory, merged as an API
 * server's would be, for whoever asks.
 */
import type { Change, Collection } from "../collections/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { mergeStatus, type StatedStatus, type StoredStatus } from "./merge-status.ts";

/** What translation says of an object. */
export interface StatedObject {
  readonly key: ObjectKey;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly generation: number;
  /** It is expected to say something else within milliseconds. */
  readonly isPassing?: true;
  readonly status: StatedStatus;
}

/** An object's identity and status, as `kubectl get -o yaml` would show them. */
export interface ObjectWithStatus {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly generation: number };
  readonly status: StoredStatus;
}

export class StatusBook {
  readonly #statuses = new Map<ObjectKey, ObjectWithStatus>();
  readonly #stated: Collection<StatedObject>;
  readonly #controllerName: string;
  readonly #clock: () => Date;

  /** `stated` is read when somebody asks, so that nobody sees a state between two steps; `take` must be told its changes. */
  constructor(stated: Collection<StatedObject>, controllerName: string, clock: () => Date = () => new Date()) {
    this.#stated = stated;
    this.#controllerName = controllerName;
    this.#clock = clock;
  }

  /** Takes changes of `stated` in, and tells which objects' statuses they changed. */
  take(changes: readonly Change<StatedObject>[]): readonly ObjectKey[] {
    const now = this.#clock()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
    return changes.flatMap(({ key }) => {
      const objectKey = key as ObjectKey;
      const stated = this.#stated.get(key);
      const before = this.#statuses.get(objectKey);
      if (stated === undefined) return this.#statuses.delete(objectKey) ? [objectKey] : [];
      const status = mergeStatus(before?.status ?? {}, stated.status, this.#controllerName, now);
      const { apiVersion, kind, namespace, name, generation } = stated;
      if (before?.status === status && before.metadata.generation === generation) return [];
      const metadata = { ...(namespace !== undefined && { namespace }), name, generation };
      this.#statuses.set(objectKey, { apiVersion, kind, metadata, status });
      return [objectKey];
    });
  }

  get(key: ObjectKey): ObjectWithStatus | undefined {
    return this.#statuses.get(key);
  }

  /** Sorted by kind, namespace and name. */
  all(): readonly ObjectWithStatus[] {
    return [...this.#statuses.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  }
}
