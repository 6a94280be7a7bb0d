/** What the writer of statuses asks of whoever watches the API server: objects as they are stored there, but for their specs. */
import type { ObjectKey } from "../resources/index.ts";
import type { StoredStatus } from "./merge-status.ts";

export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion: string;
  /** Absent while nobody has written one. */
  readonly status?: StoredStatus;
}

export interface StoredObjects {
  /** As it was last seen; undefined where there is none. */
  get(key: ObjectKey): StoredObject | undefined;
  /** Every object of a kind whose status Trilith may have written. */
  keys(): Iterable<ObjectKey>;
}

/** An object as the API server sends it, as far as it is read here. */
export interface SentObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
  };
  readonly status?: StoredStatus;
}

export function storedObjectOf({ apiVersion, kind, metadata, status }: SentObject): StoredObject {
  const { namespace, name, uid, generation, resourceVersion = "" } = metadata;
  return {
    apiVersion,
    kind,
    ...(namespace !== undefined && { namespace }),
    name,
    ...(uid !== undefined && { uid }),
    ...(generation !== undefined && { generation }),
    resourceVersion,
    ...(status !== undefined && { status }),
  };
}

/**
 * The later of two states of one object. Resource versions are numbers of any length that grow, and may be compared where
 * both are: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions. Otherwise `a` counts.
 */
export function laterOf(a: StoredObject, b: StoredObject | undefined): StoredObject {
  if (b === undefined || (a.uid !== undefined && b.uid !== undefined && a.uid !== b.uid)) return a;
  return isNewer(b.resourceVersion, a.resourceVersion) ? b : a;
}

function isNewer(a: string, b: string): boolean {
  if (!/^[1-9]\d*$/.test(a) || !/^[1-9]\d*$/.test(b)) return false;
  return a.length === b.length ? a > b : a.length > b.length;
}
