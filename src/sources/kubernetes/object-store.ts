/**
 * The objects of a cluster as they were last seen: each as translation reads it, and as it is stored, for whoever writes its
 * status. Says of each new version whether translation has anything to learn from it: a status, which Trilith itself writes
 * all the time, is nothing it reads.
 *
 * An object that the API server has and Trilith's schema refuses (a newer CRD, a rule that was added) is told as a problem,
 * and its last good version stays in force.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type Condition,
  formatObject,
  type Kind,
  type KnownObject,
  kinds,
  type ListenerStatus,
  objectKey,
  type ObjectKey,
  type PolicyAncestorStatus,
  type Problem,
  type RouteParentStatus,
  validate,
} from "../../resources/index.ts";
import type { ObjectChange } from "../object-change.ts";
import { hasOwnStatus, type SentObject } from "./trim-object.ts";

/** An object as it is stored, but for what translation reads of it. */
export interface StoredVersion {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion: string;
  readonly status?: StoredVersionStatus;
}

/** Of any kind of the Gateway API. */
interface StoredVersionStatus {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly ListenerStatus[];
  readonly parents?: readonly RouteParentStatus[];
  readonly ancestors?: readonly PolicyAncestorStatus[];
}

export interface RefusedObject {
  readonly key: ObjectKey;
  /** `HTTPRoute shop/cart` */
  readonly object: string;
  readonly problems: readonly Problem[];
}

export class ObjectStore {
  readonly #objects = new Map<ObjectKey, KnownObject>();
  readonly #stored = new Map<ObjectKey, StoredVersion>();
  readonly #refused = new Map<ObjectKey, RefusedObject>();
  /** Of these, the generation says nothing until they are seen again. */
  readonly #doubted = new Set<ObjectKey>();

  #refusals = 0;

  /** As translation reads them. */
  get objects(): ReadonlyMap<ObjectKey, KnownObject> {
    return this.#objects;
  }

  /** Objects of kinds that have a status of Trilith's. */
  get stored(): ReadonlyMap<ObjectKey, StoredVersion> {
    return this.#stored;
  }

  get refused(): ReadonlyMap<ObjectKey, RefusedObject> {
    return this.#refused;
  }

  /** Of a kind, in one namespace where that is said. */
  keysOf(kind: Kind, { namespace }: { readonly namespace?: string } = {}): ObjectKey[] {
    const keys = new Set([...this.#objects.keys(), ...this.#stored.keys(), ...this.#refused.keys()]);
    const start = keyOf(kind, { namespace, name: "" });
    return [...keys].filter((key) => key.startsWith(start));
  }

  /** Counts the changes of `refused`. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Takes a trimmed object; what translation has to learn, if anything. */
  set(kind: Kind, sent: SentObject): ObjectChange | undefined {
    const key = keyOf(kind, sent.metadata);
    if (hasOwnStatus(kind)) this.#stored.set(key, storedVersionOf(sent));
    const before = this.#objects.get(key);
    const part = readPartOf(kind, sent);
    const isDoubted = this.#doubted.delete(key);
    if (before !== undefined && hasOwnStatus(kind) && !isDoubted && isSameGeneration(before, part)) return undefined;
    const object = this.#read(key, kind, part);
    if (object === undefined || (before !== undefined && isDeepStrictEqual(before, object))) return undefined;
    this.#objects.set(key, object);
    return { kind: "set", key, object };
  }

  /** The server has another past: the same generation of an object may be another one. */
  doubt(kind: Kind): void {
    for (const key of this.keysOf(kind)) this.#doubted.add(key);
  }

  delete(kind: Kind, key: ObjectKey): ObjectChange | undefined {
    this.#doubted.delete(key);
    this.#stored.delete(key);
    this.#accept(key);
    return this.#objects.delete(key) ? { kind: "delete", key, of: kind } : undefined;
  }

  #read(key: ObjectKey, kind: Kind, part: ReadPart): KnownObject | undefined {
    const { object, problems } = validate(part);
    if (object !== undefined) {
      this.#accept(key);
      return object;
    }
    const errors = problems.filter(({ severity }) => severity === "error");
    const { namespace, name } = part.metadata;
    this.#refused.set(key, { key, object: formatObject({ kind, namespace, name }), problems: errors });
    this.#refusals += 1;
    return undefined;
  }

  #accept(key: ObjectKey): void {
    if (this.#refused.delete(key)) this.#refusals += 1;
  }
}

export function keyOf(
  kind: Kind,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name: string },
): ObjectKey {
  return objectKey({ group: kinds[kind].group, kind, namespace, name });
}

/** `name`: as a watch tells it. */
export function keyOfName(kind: Kind, name: string): ObjectKey {
  const slash = name.indexOf("/");
  return keyOf(kind, slash === -1 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) });
}

interface ReadPart {
  readonly apiVersion: string;
  readonly metadata: Omit<SentObject["metadata"], "resourceVersion">;
}

/** Without the status, where Trilith writes it, and without the version, which only says that there is another one. */
function readPartOf(kind: Kind, sent: SentObject): ReadPart {
  const { status, ...rest } = sent;
  const { resourceVersion: _, ...metadata } = sent.metadata;
  return { ...rest, ...(!hasOwnStatus(kind) && status !== undefined && { status }), metadata };
}

/** The generation counts changes of everything but metadata and status. */
function isSameGeneration(before: KnownObject, now: ReadPart): boolean {
  return (
    before.metadata.generation !== undefined &&
    before.apiVersion === now.apiVersion &&
    isDeepStrictEqual(before.metadata, now.metadata)
  );
}

function storedVersionOf({ apiVersion, kind, metadata, status }: SentObject): StoredVersion {
  const { namespace, name, uid, generation, resourceVersion } = metadata;
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
