/**
 * An API server in memory, for one thing: statuses that are read and written under resource versions. It answers when a test
 * lets it, and fails as it is told.
 */
import { type ApiCall, type ApiClient, ApiError, resourcePath } from "../../kubernetes/index.ts";
import { groupOf, type Kind, kinds, type ObjectKey, objectKeyOf, versionOf } from "../../resources/index.ts";
import type { StoredStatus } from "../merge-status.ts";
import { type SentObject, type StoredObject, storedObjectOf, type StoredObjects } from "../stored-objects.ts";

export class MemoryApi implements ApiClient, StoredObjects {
  /** What was written, in order: names of objects. */
  readonly written: string[] = [];
  /** Thrown by the next calls, in order. */
  readonly failures: ApiError[] = [];
  /** Calls wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly #objects = new Map<string, SentObject>();
  /** What a watch would have brought. */
  readonly #seen = new Map<ObjectKey, StoredObject>();
  #version = 0;

  /** Stores the object, and has it seen unless told otherwise. */
  put(object: SentObject, { isSeen = true }: { readonly isSeen?: boolean } = {}): void {
    this.#version += 1;
    const { metadata } = object;
    const sent = { ...object, metadata: { uid: metadata.name, ...metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(pathOf(object), sent);
    if (isSeen) this.see(object);
  }

  /** The watch brings the object as it is now. */
  see(object: SentObject): void {
    const stored = this.#objects.get(pathOf(object));
    if (stored) this.#seen.set(objectKeyOf(object), storedObjectOf(stored));
    else this.#seen.delete(objectKeyOf(object));
  }

  /** Deletes it, without being seen. */
  remove(object: SentObject): void {
    this.#objects.delete(pathOf(object));
  }

  statusOf(object: SentObject): StoredStatus | undefined {
    return this.#objects.get(pathOf(object))?.status;
  }

  get(key: ObjectKey): StoredObject | undefined {
    return this.#seen.get(key);
  }

  keys(): Iterable<ObjectKey> {
    return this.#seen.keys();
  }

  async request<Answer>({ method, path, body, signal }: ApiCall): Promise<Answer> {
    await this.gate;
    if (signal?.aborted) throw new ApiError("aborted", "aborted");
    const failure = this.failures.shift();
    if (failure) throw failure;
    const stored = this.#objects.get(path.replace(/\/status$/, ""));
    if (!stored) throw new ApiError("notFound", `${path} is not there`);
    if (method === "GET") return stored as Answer;
    const { metadata, status } = body as SentObject;
    if (metadata.resourceVersion !== stored.metadata.resourceVersion) throw new ApiError("conflict", "was changed");
    this.written.push(metadata.name);
    this.put({ ...stored, ...(status && { status }) }, { isSeen: false });
    return this.#objects.get(pathOf(stored)) as Answer;
  }

  // oxlint-disable-next-line require-yield -- nobody watches here
  async *stream<Document>(): AsyncGenerator<Document> {
    await Promise.reject(new ApiError("failed", "there is no watch here"));
  }
}

const pathOf = ({ apiVersion, kind, metadata: { namespace, name } }: SentObject): string =>
  resourcePath({
    group: groupOf(apiVersion),
    version: versionOf(apiVersion),
    plural: kinds[kind as Kind].plural,
    ...(namespace !== undefined && { namespace }),
    name,
  });
