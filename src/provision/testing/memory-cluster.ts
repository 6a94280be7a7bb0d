/**
 * The kinds that provisioning makes, kept in memory: applied, deleted and watched. An answer to a write can be held back, as a
 * network may do, while watches already tell of it.
 */
import { type ApiCall, type ApiClient, ApiError, resourcePath } from "../../kubernetes/index.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, MANIFEST_KINDS, type ManifestKind } from "../manifest.ts";
import type { SentObject } from "../owned-objects.ts";

interface Written {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly preconditions?: { readonly uid?: string };
}

interface OpenWatch {
  readonly plural: string;
  readonly waiting: object[];
  wake: () => void;
}

export class MemoryCluster implements ApiClient {
  /** What was written, in order: `apply services/web`, `delete services/web`. */
  readonly written: string[] = [];
  /** Thrown by the next writes, in order. */
  readonly failures: ApiError[] = [];
  /** What is refused each time, by what would be written. */
  readonly refusals: Map<string, ApiError> = new Map();
  /** Answers that are held back, by what was written. */
  readonly gates: Map<string, Promise<void>> = new Map();
  readonly #objects = new Map<string, SentObject>();
  readonly #watches = new Set<OpenWatch>();
  #version = 0;

  get(kind: ManifestKind, namespace: string, name: string): SentObject | undefined {
    return this.#objects.get(pathOf(kind, namespace, name));
  }

  /** Somebody else changes fields of an object. */
  edit(kind: ManifestKind, namespace: string, name: string, fields: Readonly<Record<string, unknown>>): void {
    const path = pathOf(kind, namespace, name);
    this.#put(path, { ...this.#must(path), ...fields });
  }

  /** Somebody else makes an object. */
  create(kind: ManifestKind, namespace: string, name: string, metadata: Partial<SentObject["metadata"]> = {}): void {
    this.#put(pathOf(kind, namespace, name), { kind, metadata: { namespace, name, ...metadata } });
  }

  /** Somebody else deletes an object. */
  delete(kind: ManifestKind, namespace: string, name: string): void {
    const path = pathOf(kind, namespace, name);
    const object = this.#must(path);
    this.#objects.delete(path);
    this.#tell("DELETED", path, object);
  }

  async request<Answer>({ method, path, body, signal }: ApiCall): Promise<Answer> {
    if (method === "GET") return this.#must(path) as Answer;
    const failure = this.failures.shift();
    if (failure) throw failure;
    const [plural = "", name = ""] = path.split("/").filter(Boolean).slice(-2);
    const write = `${method === "DELETE" ? "delete" : "apply"} ${plural}/${name}`;
    const refusal = this.refusals.get(write);
    if (refusal) throw refusal;
    this.#expect(path, body as Written | undefined);
    this.written.push(write);
    if (method === "DELETE") {
      const object = this.#must(path);
      this.#objects.delete(path);
      this.#tell("DELETED", path, object);
    } else this.#put(path, { ...this.#objects.get(path), ...(body as SentObject) });
    const answer = this.#objects.get(path);
    await this.gates.get(write);
    if (signal?.aborted) throw new ApiError("aborted", "aborted");
    return answer as Answer;
  }

  async *stream<Document>({ path, onAnswer, signal }: ApiCall): AsyncGenerator<Document> {
    await Promise.resolve();
    onAnswer?.();
    const watch: OpenWatch = { plural: path.split("/").at(-1) ?? "", waiting: [], wake: () => undefined };
    for (const [key, object] of this.#objects)
      if (pluralOf(key) === watch.plural && isLabelled(object)) watch.waiting.push({ type: "ADDED", object });
    const annotations = { "k8s.io/initial-events-end": "true" };
    watch.waiting.push({
      type: "BOOKMARK",
      object: { metadata: { resourceVersion: String(this.#version), annotations } },
    });
    this.#watches.add(watch);
    signal?.addEventListener("abort", () => watch.wake(), { once: true });
    for (;;) {
      const event = watch.waiting.shift();
      if (signal?.aborted) return;
      if (event === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        watch.wake = resolve;
        await promise;
      } else yield event as Document;
    }
  }

  /** What a write says of the object that it is for; no version but the one that an object has is its. */
  #expect(path: string, { metadata = {}, preconditions = {} }: Written = {}): void {
    const there = this.#objects.get(path);
    const uid = metadata.uid ?? preconditions.uid;
    const isOther = uid !== undefined && uid !== there?.metadata.uid;
    if (isOther || (metadata.resourceVersion !== undefined && there !== undefined))
      throw new ApiError("conflict", `${path} is another object`, { httpStatus: 409 });
  }

  #must(path: string): SentObject {
    const object = this.#objects.get(path);
    if (object === undefined) throw new ApiError("notFound", `${path} is not there`, { httpStatus: 404 });
    return object;
  }

  #put(path: string, object: SentObject): void {
    const isNew = !this.#objects.has(path);
    this.#version += 1;
    const uid = this.#objects.get(path)?.metadata.uid ?? `uid-${this.#version}`;
    const sent = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) } };
    this.#objects.set(path, sent);
    this.#tell(isNew ? "ADDED" : "MODIFIED", path, sent);
  }

  #tell(type: string, path: string, object: SentObject): void {
    for (const watch of this.#watches) {
      if (watch.plural !== pluralOf(path) || !isLabelled(object)) continue;
      watch.waiting.push({ type, object });
      watch.wake();
    }
  }
}

/** Watches are by our label; an object that loses it does not go in them, as it would before an API server. */
const isLabelled = ({ metadata: { labels } }: SentObject): boolean => labels?.[MANAGED_BY_LABEL] === MANAGED_BY;

const pathOf = (kind: ManifestKind, namespace: string, name: string): string =>
  resourcePath({ ...MANIFEST_KINDS[kind], namespace, name });

const pluralOf = (path: string): string => path.split("/").at(-2) ?? "";
