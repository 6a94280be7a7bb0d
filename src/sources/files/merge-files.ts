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

/** What the object was at a generation: everything that counts, which is all but metadata and status. */
export interface Generation {
  readonly generation: number;
  readonly content: unknown;
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
      const key = objectKeyOf(loaded.object);
      const other = places.get(key);
      if (other === undefined) places.set(key, loaded);
      else problems.push(duplicateProblem(file, loaded, other));
    }
  }
  const generations = new Map<ObjectKey, Generation>();
  const objects = new Map<ObjectKey, KnownObject>();
  for (const [key, { object }] of places) {
    const generation = generationOf(object, before.get(key));
    generations.set(key, generation);
    objects.set(key, withGeneration(object, generation.generation));
  }
  for (const namespace of missingNamespaces(objects)) objects.set(objectKeyOf(namespace), namespace);
  return { objects, places, problems, generations };
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

/** A generation that the file itself states is taken as it is. */
function generationOf(object: KnownObject, before: Generation | undefined): Generation {
  const { metadata, ...rest } = object;
  const content: unknown = { ...rest, status: undefined };
  if (metadata.generation !== undefined) return { generation: metadata.generation, content };
  if (before === undefined) return { generation: 1, content };
  return isDeepStrictEqual(before.content, content) ? before : { generation: before.generation + 1, content };
}

function withGeneration(object: KnownObject, generation: number): KnownObject {
  // Spreading a union loses which member it was; the metadata is the same type in all of them.
  return { ...object, metadata: { ...object.metadata, generation } } as KnownObject;
}

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
