/**
 * Brings the objects of all files together: an object that stands in several files counts once, namespaces that nobody
 * states are made, and generations are counted, as the API server would do all three. Files come in one by one; what a step
 * costs depends on the files that it brings, not on all others.
 */
import { isDeepStrictEqual } from "node:util";
import {
  compareText,
  type KnownObject,
  kinds,
  type Namespace,
  objectKey,
  objectKeyOf,
  type ObjectKey,
} from "../../resources/index.ts";
import type { ObjectChange } from "../object-change.ts";
import type { FileProblem, LoadedObject } from "./load-file.ts";

/** An object at a generation. */
interface Generation {
  /** As the file states it: the same as long as its text is. */
  readonly stated: KnownObject;
  /** With its generation; the same as long as it is. */
  readonly object: KnownObject;
}

export class MergedFiles {
  readonly #objects = new Map<ObjectKey, KnownObject>();
  readonly #places = new Map<ObjectKey, LoadedObject>();
  readonly #files = new Map<string, readonly LoadedObject[]>();
  /** Objects that are stated more than once: all but the first, in order of path. */
  readonly #repeated = new Map<ObjectKey, readonly LoadedObject[]>();
  readonly #generations = new Map<ObjectKey, Generation>();
  readonly #implied: ReadonlyMap<ObjectKey, KnownObject>;
  /** How many objects each namespace has. */
  readonly #population = new Map<string, number>([["default", 1]]);
  readonly #touched: Set<ObjectKey>;
  readonly #touchedNamespaces = new Set<string>(["default"]);

  /** `implied`, objects without a namespace, count for as long as no file states them. */
  constructor(implied: readonly KnownObject[] = []) {
    this.#implied = new Map(implied.map((object) => [objectKeyOf(object), object]));
    this.#touched = new Set(this.#implied.keys());
  }

  /** As of the last step; the same map all the time. */
  get objects(): ReadonlyMap<ObjectKey, KnownObject> {
    return this.#objects;
  }

  /** Where each object stands; those that were made stand nowhere. The same map all the time. */
  get places(): ReadonlyMap<ObjectKey, LoadedObject> {
    return this.#places;
  }

  /** What the file brought. */
  of(file: string): readonly LoadedObject[] {
    return this.#files.get(file) ?? [];
  }

  /** Makes `objects` all that the file has; none: there is no such file. Of an object, the first file by path has its say. */
  put(file: string, objects: readonly LoadedObject[]): void {
    const before = this.of(file).map(({ object }) => keyOf(object));
    const stated = Map.groupBy(objects, ({ object }) => keyOf(object));
    if (objects.length === 0) this.#files.delete(file);
    else this.#files.set(file, objects);
    for (const key of new Set([...before, ...stated.keys()])) this.#place(key, file, stated.get(key) ?? []);
  }

  /** Ends a step: gives what it changed. */
  settle(): readonly ObjectChange[] {
    const changes = [...this.#touched].flatMap((key) => this.#settleObject(key));
    this.#touched.clear();
    changes.push(...[...this.#touchedNamespaces].flatMap((name) => this.#settleNamespace(name)));
    this.#touchedNamespaces.clear();
    return changes;
  }

  /** What is stated again in vain. */
  problems(): readonly FileProblem[] {
    return [...this.#repeated].flatMap(([key, others]) => {
      const first = this.#places.get(key);
      return first === undefined ? [] : others.map((loaded) => duplicateProblem(loaded, first));
    });
  }

  #place(key: ObjectKey, file: string, here: readonly LoadedObject[]): void {
    const known = this.#places.get(key);
    const elsewhere = known === undefined ? [] : [known, ...(this.#repeated.get(key) ?? [])];
    const statements = [...elsewhere.filter((one) => one.file !== file), ...here];
    const [first, ...others] = statements.sort((a, b) => compareText(a.file, b.file));
    if (first === undefined) this.#places.delete(key);
    else this.#places.set(key, first);
    if (others.length === 0) this.#repeated.delete(key);
    else this.#repeated.set(key, others);
    this.#touched.add(key);
  }

  #settleObject(key: ObjectKey): ObjectChange[] {
    const stated = this.#places.get(key)?.object;
    const generation = stated && generationOf(stated, this.#generations.get(key));
    const before = this.#generations.get(key)?.object;
    if (generation === undefined) this.#generations.delete(key);
    else this.#generations.set(key, generation);
    const object = generation?.object ?? this.#implied.get(key);
    if (before === undefined) this.#countIn(stated?.metadata.namespace, 1);
    else if (stated === undefined) this.#countIn(before.metadata.namespace, -1);
    const shown = object ?? this.#objects.get(key);
    if (shown?.kind !== "Namespace") return this.#replace(key, object);
    this.#touchedNamespaces.add(shown.metadata.name);
    return [];
  }

  #countIn(namespace: string | undefined, change: 1 | -1): void {
    if (namespace === undefined || namespace === "") return;
    const count = (this.#population.get(namespace) ?? 0) + change;
    if (count === 0) this.#population.delete(namespace);
    else this.#population.set(namespace, count);
    if (count === 0 || (count === 1 && change === 1)) this.#touchedNamespaces.add(namespace);
  }

  #settleNamespace(name: string): ObjectChange[] {
    const key = objectKey({ group: kinds.Namespace.group, kind: "Namespace", name });
    const stated = this.#generations.get(key)?.object ?? this.#implied.get(key);
    const isThere = stated !== undefined || this.#population.has(name);
    return this.#replace(key, isThere ? namespaceOf(name, stated as Namespace | undefined) : undefined);
  }

  #replace(key: ObjectKey, object: KnownObject | undefined): ObjectChange[] {
    const before = this.#objects.get(key);
    if (before === object) return [];
    if (object !== undefined) {
      this.#objects.set(key, object);
      return [{ kind: "set", key, object }];
    }
    this.#objects.delete(key);
    return before ? [{ kind: "delete", key, of: before.kind }] : [];
  }
}

/** A key is made once: the one string, whose hash is known, is far cheaper to look up than an equal one. */
const keys = new WeakMap<KnownObject, ObjectKey>();

function keyOf(object: KnownObject): ObjectKey {
  const known = keys.get(object) ?? objectKeyOf(object);
  keys.set(object, known);
  return known;
}

function duplicateProblem({ object, file, locate }: LoadedObject, first: LoadedObject): FileProblem {
  const { namespace, name } = object.metadata;
  const named = `${object.kind} ${namespace ? `${namespace}/` : ""}${name}`;
  const { line } = first.locate(["metadata", "name"]);
  return {
    file,
    ...locate(["metadata", "name"]),
    severity: "error",
    object: named,
    message: `${named} is stated twice; the one in ${first.file}:${line} is used`,
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

function namespaceOf(name: string, stated: Namespace | undefined): Namespace {
  const metadata = stated?.metadata ?? { name };
  return {
    ...stated,
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: name } },
  };
}
