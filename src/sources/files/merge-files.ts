/**
 * Brings the objects of all files together: an object that stands in several files counts once, namespaces that nobody
 * states are made, and generations are counted, as the API server would do all three.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type KnownObject,
  kinds,
  type Namespace,
  objectKey,
  objectKeyOf,
  type ObjectKey,
} from "../../resources/index.ts";
import type { FileProblem, LoadedObject } from "./load-file.ts";

export interface MergedFiles {
  readonly objects: ReadonlyMap<ObjectKey, KnownObject>;
  /** Where each object stands; those that were made stand nowhere. */
  readonly places: ReadonlyMap<ObjectKey, LoadedObject>;
  readonly problems: readonly FileProblem[];
  readonly generations: ReadonlyMap<ObjectKey, Generation>;
}

/** An object at a generation. */
export interface Generation {
  /** As the file states it: the same as long as the file is not read again. */
  readonly stated: KnownObject;
  /** With its generation; the same as long as it is. */
  readonly object: KnownObject;
}

/** `before`: the generations of the last merge, which go on counting. Files in order of path; the first to state an object has it. */
export function mergeFiles(
  files: ReadonlyMap<string, readonly LoadedObject[]>,
  before: ReadonlyMap<ObjectKey, Generation>,
): MergedFiles {
  const places = new Map<ObjectKey, LoadedObject>();
  const problems: FileProblem[] = [];
  for (const [file, objects] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const loaded of objects) {
      const key = keyOf(loaded.object);
      const other = places.get(key);
      if (other === undefined) places.set(key, loaded);
      else problems.push(duplicateProblem(file, loaded, other));
    }
  }
  const generations = new Map<ObjectKey, Generation>();
  const objects = new Map<ObjectKey, KnownObject>();
  for (const [key, { object: stated }] of places) {
    const generation = generationOf(stated, before.get(key));
    generations.set(key, generation);
    objects.set(key, generation.object);
  }
  for (const namespace of missingNamespaces(objects)) objects.set(objectKeyOf(namespace), namespace);
  return { objects, places, problems, generations };
}

/** A key is made once: the one string, whose hash is known, is far cheaper to look up than an equal one. */
const keys = new WeakMap<KnownObject, ObjectKey>();

function keyOf(object: KnownObject): ObjectKey {
  const known = keys.get(object) ?? objectKeyOf(object);
  keys.set(object, known);
  return known;
}

function duplicateProblem(file: string, { object, locate }: LoadedObject, other: LoadedObject): FileProblem {
  const { namespace, name } = object.metadata;
  const named = `${object.kind} ${namespace ? `${namespace}/` : ""}${name}`;
  const { line } = other.locate(["metadata", "name"]);
  return {
    file,
    ...locate(["metadata", "name"]),
    severity: "error",
    object: named,
    message: `${named} is stated twice; the one in ${other.file}:${line} is used`,
    advice: "Remove one of them, or rename it",
  };
}

/** The generation goes up when anything but metadata and status changes; one that the file itself states is taken as it is. */
function generationOf(stated: KnownObject, before: Generation | undefined): Generation {
  if (before?.stated === stated) return before;
  const last = before?.object.metadata.generation ?? 0;
  const next = before && isDeepStrictEqual(contentOf(before.stated), contentOf(stated)) ? last : last + 1;
  const metadata = { ...stated.metadata, generation: stated.metadata.generation ?? next };
  // Spreading a union loses which member it was; the metadata is of the same type in all of them.
  return { stated, object: { ...stated, metadata } as KnownObject };
}

const contentOf = (object: KnownObject): object => ({ ...object, metadata: undefined, status: undefined });

/** Every namespace has its own name as a label, as Kubernetes gives it, also one that a file states. */
const NAME_LABEL = "kubernetes.io/metadata.name";

function missingNamespaces(objects: ReadonlyMap<ObjectKey, KnownObject>): Namespace[] {
  const names = new Set(["default"]);
  for (const { metadata } of objects.values()) if (metadata.namespace) names.add(metadata.namespace);
  for (const object of objects.values()) if (object.kind === "Namespace") names.add(object.metadata.name);
  return [...names].map((name): Namespace => {
    const stated = objects.get(objectKey({ group: kinds.Namespace.group, kind: "Namespace", name }));
    const metadata = stated?.metadata ?? { name };
    return {
      ...(stated as Namespace | undefined),
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: name } },
    };
  });
}
