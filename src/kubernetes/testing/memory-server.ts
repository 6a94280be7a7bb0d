/**
 * One resource of an API server in memory, with the faults that real ones have. It keeps what the documentation of lists and
 * watches says: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { type ApiCall, type ApiClient, ApiError } from "../api-client.ts";
import type { Timers } from "../timers.ts";

export interface MemoryObject {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly value: number;
}

interface ToldEvent {
  readonly type: string;
  readonly object: object;
}

interface LoggedEvent extends ToldEvent {
  readonly version: number;
}

export interface ServerBackup {
  readonly objects: readonly (readonly [string, MemoryObject])[];
  readonly version: number;
}

/** One open watch. */
interface OpenWatch {
  readonly waiting: ToldEvent[];
  /** Events until it breaks. */
  left: number;
  wake: () => void;
  end: ApiError | "end" | undefined;
}

export class MemoryServer implements ApiClient {
  readonly objects: Map<string, MemoryObject> = new Map();
  /** Names that were deleted at some time. */
  readonly deleted: Set<string> = new Set();
  /** What was asked, in short: `list`, `list continue`, `newest`, `read a`, `watch 7`, `watch list`. */
  readonly calls: string[] = [];
  hasStreamedLists: boolean = true;
  /** The next calls fail with these. */
  readonly failures: ApiError[] = [];
  /** The next streams break after so many events. */
  readonly breaks: number[] = [];
  /** Nothing comes on any stream, old or new, and nothing ends. */
  isSilent: boolean = false;
  /** New streams are agreed to, and then nothing comes. */
  silentAfterAnswer: boolean = false;
  /** A forgotten version is told as an event of a watch that was let in, as a real server may do. */
  tellsGoneAsEvent: boolean = false;
  /** What is read by its name is on its way for so long. */
  answersAfterMs: number = 0;
  readonly #timers: Timers;
  readonly #log: LoggedEvent[] = [];
  readonly #watches = new Set<OpenWatch>();
  /** The states that continuations belong to. */
  readonly #pages = new Map<string, readonly MemoryObject[]>();
  #version = 1;
  /** Versions before this one are forgotten. */
  #oldest = 0;

  /** `timers`: what calls without an answer are given up by. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  put(name: string, value: number): void {
    const isNew = !this.objects.has(name);
    const object = { metadata: { name, resourceVersion: String(++this.#version) }, value };
    this.objects.set(name, object);
    this.#tell({ type: isNew ? "ADDED" : "MODIFIED", object, version: this.#version });
  }

  remove(name: string): void {
    const object = this.objects.get(name);
    if (object === undefined) return;
    this.#version += 1;
    this.objects.delete(name);
    this.deleted.add(name);
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    this.#tell({ type: "DELETED", object: { ...object, metadata }, version: this.#version });
  }

  /** Forgets all versions but the newest, and all continuations. */
  compact(): void {
    this.#oldest = this.#version;
    this.#pages.clear();
  }

  /** What is stored, with its version. */
  backup(): ServerBackup {
    return { objects: [...this.objects], version: this.#version };
  }

  /** Everything is as it was then; what has been since never was. Connections break. */
  restore({ objects, version }: ServerBackup): void {
    this.objects.clear();
    for (const [name, object] of objects) this.objects.set(name, object);
    this.#version = version;
    this.#log.splice(0, Infinity, ...this.#log.filter((event) => event.version <= version));
    this.endStreams("broken");
  }

  /** Ends all streams: as a server does that wants to, or as a broken connection does. */
  endStreams(how: "ordinary" | "broken"): void {
    const end = how === "ordinary" ? "end" : new ApiError("unreachable", "the connection broke");
    for (const watch of this.#watches) this.#end(watch, end);
  }

  bookmark(): void {
    for (const watch of this.#watches) this.#offer(watch, this.#bookmark());
  }

  async request<Answer>({ path, query = {}, signal, timeoutMs = 30_000 }: ApiCall): Promise<Answer> {
    const { limit, continue: from } = query;
    const [, single] = /\/things\/([^/]+)$/.exec(path) ?? [];
    if (single !== undefined) return await this.#readOne<Answer>(single, signal, timeoutMs);
    this.calls.push(from !== undefined ? "list continue" : limit === "1" ? "newest" : "list");
    await this.#admit(signal, timeoutMs);
    const all = from === undefined ? [...this.objects.values()] : this.#pages.get(from);
    if (all === undefined) throw new ApiError("gone", "the continuation is too old", { httpStatus: 410 });
    const count = Number(limit ?? all.length);
    const [version = String(this.#version)] = from?.split("/") ?? [];
    const rest = all.slice(count);
    const next = `${version}/${rest.length}`;
    if (rest.length > 0) this.#pages.set(next, rest);
    const metadata = { resourceVersion: version, ...(rest.length > 0 && { continue: next }) };
    return { metadata, items: all.slice(0, count) } as Answer;
  }

  async #readOne<Answer>(name: string, signal: AbortSignal | undefined, timeoutMs: number): Promise<Answer> {
    this.calls.push(`read ${name}`);
    await this.#admit(signal, timeoutMs);
    const object = this.objects.get(name);
    if (this.answersAfterMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#timers.after(this.answersAfterMs, resolve);
      await promise;
    }
    if (object === undefined) throw new ApiError("notFound", "there is none", { httpStatus: 404 });
    return object as Answer;
  }

  async *stream<Document>({ query = {}, signal, onAnswer }: ApiCall): AsyncGenerator<Document> {
    const { resourceVersion: version, sendInitialEvents } = query;
    this.calls.push(sendInitialEvents ? "watch list" : `watch ${version}`);
    await this.#admit(signal);
    if (sendInitialEvents && !this.hasStreamedLists)
      throw new ApiError("invalid", "sendInitialEvents is forbidden", { httpStatus: 422 });
    const isGone = version !== undefined && Number(version) < this.#oldest;
    if (isGone && !this.tellsGoneAsEvent) throw new ApiError("gone", "too old", { httpStatus: 410 });
    onAnswer?.();
    if (isGone) yield { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } } as Document;
    const watch: OpenWatch = {
      waiting: [],
      left: this.breaks.shift() ?? Number.POSITIVE_INFINITY,
      wake: () => undefined,
      end: undefined,
    };
    this.#watches.add(watch);
    const abort = (): void => this.#end(watch, new ApiError("aborted", "not wanted any more"));
    signal?.addEventListener("abort", abort, { once: true });
    if (!this.silentAfterAnswer) for (const event of this.#firstEvents(version)) this.#offer(watch, event);
    yield* this.#events<Document>(watch);
  }

  #firstEvents(version: string | undefined): ToldEvent[] {
    if (version !== undefined) return this.#log.filter((event) => event.version > Number(version));
    const added = [...this.objects.values()].map((object) => ({ type: "ADDED", object }));
    return [...added, this.#bookmark({ "k8s.io/initial-events-end": "true" })];
  }

  async *#events<Document>(watch: OpenWatch): AsyncGenerator<Document> {
    try {
      for (;;) {
        const event = this.isSilent ? undefined : watch.waiting.shift();
        if (event !== undefined) yield { type: event.type, object: event.object } as Document;
        else if (watch.end === "end") return;
        else if (watch.end !== undefined) throw watch.end;
        else {
          const { promise, resolve } = Promise.withResolvers<void>();
          watch.wake = resolve;
          await promise;
        }
      }
    } finally {
      this.#watches.delete(watch);
    }
  }

  async #admit(signal: AbortSignal | undefined, timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure) throw failure;
    if (this.isSilent) {
      const { promise, reject } = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => reject(new ApiError("aborted", "not wanted any more")), { once: true });
      using _ = this.#timers.after(timeoutMs, () => reject(new ApiError("timeout", "no answer")));
      await promise;
    }
  }

  #tell(event: LoggedEvent): void {
    this.#log.push(event);
    for (const watch of this.#watches) this.#offer(watch, event);
  }

  #offer(watch: OpenWatch, event: ToldEvent): void {
    if (watch.end !== undefined || this.isSilent) return;
    watch.waiting.push(event);
    watch.left -= 1;
    if (watch.left <= 0) this.#end(watch, new ApiError("unreachable", "the connection broke"));
    watch.wake();
  }

  #end(watch: OpenWatch, end: OpenWatch["end"]): void {
    watch.end ??= end;
    watch.wake();
  }

  #bookmark(annotations: Readonly<Record<string, string>> = {}): ToldEvent {
    return { type: "BOOKMARK", object: { metadata: { resourceVersion: String(this.#version), annotations } } };
  }
}
