/**
 * Follows all objects of one resource, or one object: a list, then a watch from where the list ended, for good. What was told
 * stays told while the server is away; nothing but an event or a whole new list takes anything back.
 *
 *   streamed list: a watch that begins with every object and a bookmark behind the last; servers that have no such thing
 *                  refuse it (422) and are asked for
 *   paged list:    pages of one state; when the server forgets that state between two pages (410), all in one page
 *   watch:         from the last resource version that an event or a bookmark had; ended by the server → the same again;
 *                  broken or refused → the same again, later; version forgotten (410, as answer or as event) → list
 *   again:         first the server is asked for the newest version. One that is behind ours has been restored from a backup, and would
 *                  let us watch from a version that is yet to come and say nothing until then → everything is told anew, by a list
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions (they are numbers that grow)
 */
import { type ApiClient, ApiError, type ResourceLocation, resourcePath } from "./api-client.ts";
import { type ApiStatus, errorOfStatus } from "./api-failure.ts";
import { Backoff } from "./backoff.ts";
import { type ListedObject, SeenObjects, type WatchChange } from "./seen-objects.ts";
import { LONGEST_TIMEOUT_MS, SilenceGuard } from "./silence-guard.ts";
import { systemTimers, type Timers } from "./timers.ts";
import type { Turns } from "./turns.ts";

export interface WatchOptions<Item> {
  readonly client: ApiClient;
  /** With a name, only this object. */
  readonly resource: ResourceLocation;
  /** The objects have nothing but metadata, which is all that travels. */
  readonly onlyMetadata?: boolean;
  /** Only objects with these labels, as Kubernetes writes them: `app=shop,tier!=test`. */
  readonly labelSelector?: string;
  /** Only objects with these fields: `spec.nodeName=worker-1`. */
  readonly fieldSelector?: string;
  /** What to keep of an object. Called once for each version of it. */
  readonly read: (object: ListedObject) => Item;
  /** In order; what comes at once is told at once. */
  readonly onChanges: (changes: readonly WatchChange<Item>[]) => void;
  /** Everything of the first list has been told. Called once. */
  readonly onSynced?: () => void;
  /** The server has another past than what it told before. All that there is will be told again, be its version known or not. */
  readonly onRestored?: () => void;
  /** The server could not be asked, or can be asked again (undefined). It goes on by itself. */
  readonly onProblem?: (problem: ApiError | undefined) => void;
  /** Of many watches together: each waits for its turn to list, or to watch again, and has it until the server has let it in. */
  readonly turns?: Turns;
  /** A list in which nothing comes for so long is given up. Default 60 s. */
  readonly listSilenceMs?: number;
  /** The server is asked to end each watch after so long, and up to twice as long. Default 240 s. */
  readonly watchMs?: number;
  readonly pageSize?: number;
  readonly timers?: Timers;
  /** From 0 to 1. */
  readonly random?: () => number;
}

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: ListedObject & ApiStatus;
}

interface ListAnswer {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly ListedObject[] | null;
}

/** On the bookmark behind the last object of a streamed list. */
const LIST_END = "k8s.io/initial-events-end";
/** A server agrees to a watch at once, whether there is anything to tell or not. */
const LONGEST_SILENT_CALL_MS = 30_000;
/** How much longer than asked a watch may be silent before the server is believed to have forgotten it. */
const WATCH_GRACE_MS = 30_000;
/** A watch that ends sooner is a failure, so that a server which ends all of them is not asked without pause. */
const SHORTEST_WATCH_MS = 1_000;
/** What broke after so long did not break because of what broke before it. */
const HEALTHY_WATCH_MS = 5_000;

export class ResourceWatch<Item> implements Disposable {
  readonly #options: WatchOptions<Item>;
  readonly #seen: SeenObjects<Item>;
  readonly #backoff: Backoff;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  /** What to go on from; undefined: with a list. */
  #version: string | undefined;
  #lists: "streamed" | "paged" | "whole" = "streamed";
  #isSynced = false;
  #isFlushing = false;
  #problem: ApiError | undefined;

  constructor(options: WatchOptions<Item>) {
    this.#options = options;
    this.#seen = new SeenObjects(options.read);
    this.#timers = options.timers ?? systemTimers;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ firstMs: 100, longestMs: 10_000, random: this.#random });
    void this.#run();
  }

  /** Why nothing is heard of the server at the moment. */
  get problem(): ApiError | undefined {
    return this.#problem;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Nothing more is told. */
  [Symbol.dispose](): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const startedAt = this.#timers.now();
      try {
        await this.#follow();
        if (this.#timers.now() - startedAt < SHORTEST_WATCH_MS) await this.#wait(this.#backoff.afterFailure());
        else this.#backoff.succeeded();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (this.#timers.now() - startedAt > HEALTHY_WATCH_MS) this.#backoff.succeeded();
        await this.#recover(error);
      }
    }
  }

  async #follow(): Promise<void> {
    using turn = await this.#options.turns?.take(this.#stopping.signal);
    if (this.#version !== undefined) await this.#doubt(this.#version);
    if (this.#version === undefined && this.#lists !== "streamed") await this.#listPages();
    await this.#watch(this.#version, () => turn?.[Symbol.dispose]());
  }

  /** Gives up what is known where the server is further back than it was when it told that. */
  async #doubt(known: string): Promise<void> {
    const { metadata } = await this.#options.client.request<ListAnswer>({
      method: "GET",
      path: this.#path(),
      as: "PartialObjectMetadataList",
      query: this.#query({ limit: "1" }),
      signal: this.#stopping.signal,
    });
    if (!isOlder(metadata.resourceVersion, known)) return;
    this.#version = undefined;
    this.#seen.forgetVersions();
    this.#options.onRestored?.();
  }

  async #recover(cause: unknown): Promise<void> {
    // What has been told is true, also when the stream that told it broke.
    this.#flush();
    const error = cause instanceof ApiError ? cause : new ApiError("failed", String(cause), { cause });
    const wasListing = this.#version === undefined;
    if (error.code === "gone") this.#version = undefined;
    if (error.code === "invalid" && wasListing && this.#lists === "streamed") {
      this.#lists = "paged";
      return;
    }
    if (error.code === "gone" && wasListing && this.#lists === "paged") this.#lists = "whole";
    // That a version is forgotten is ordinary, and says nothing about how the server is.
    else if (error.code !== "gone") this.#tell(error);
    await this.#wait(this.#backoff.afterFailure(error.retryAfterMs));
  }

  /** `version`: undefined for a streamed list. `letIn`: of that, all is there. Returns when the server ends the watch. */
  async #watch(version: string | undefined, letIn: () => void): Promise<void> {
    const { client, listSilenceMs = 60_000, watchMs = 240_000 } = this.#options;
    const lengthMs = watchMs * (1 + this.#random());
    const silenceMs = { list: listSilenceMs, watch: lengthMs + WATCH_GRACE_MS };
    using guard = new SilenceGuard(this.#timers, this.#stopping.signal);
    const expectMore = (): void => guard.expect(this.#version === undefined ? silenceMs.list : silenceMs.watch);
    guard.expect(LONGEST_SILENT_CALL_MS);
    if (version === undefined) this.#seen.beginList();
    const events = client.stream<WatchEvent>({
      method: "GET",
      path: this.#path(),
      ...(this.#options.onlyMetadata && { as: "PartialObjectMetadata" }),
      query: this.#query({
        watch: "1",
        allowWatchBookmarks: "true",
        timeoutSeconds: String(Math.ceil(lengthMs / 1_000)),
        ...(version === undefined
          ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }
          : { resourceVersion: version }),
      }),
      signal: guard.signal,
      onAnswer: () => {
        expectMore();
        if (version === undefined) return;
        letIn();
        this.#tell(undefined);
      },
      timeoutMs: LONGEST_TIMEOUT_MS,
    });
    try {
      for await (const event of events) {
        this.#take(event);
        if (this.#version !== undefined) letIn();
        expectMore();
      }
    } catch (error) {
      throw guard.errorOf(error);
    }
    this.#flush();
  }

  #take({ type, object }: WatchEvent): void {
    if (type === "ERROR") throw errorOfStatus(object, `GET ${this.#path()}`);
    if (type === "DELETED") this.#seen.delete(object);
    else if (type !== "BOOKMARK") this.#seen.set(object);
    const isListing = this.#version === undefined;
    if (!isListing || object.metadata.annotations?.[LIST_END] === "true")
      this.#version = object.metadata.resourceVersion;
    if (isListing && this.#version !== undefined) this.#endList();
    else this.#flushSoon();
  }

  async #listPages(): Promise<void> {
    const { client, listSilenceMs = 60_000, pageSize = 500 } = this.#options;
    this.#seen.beginList();
    let from: string | undefined;
    let answer: ListAnswer;
    do {
      answer = await client.request<ListAnswer>({
        method: "GET",
        path: this.#path(),
        ...(this.#options.onlyMetadata && { as: "PartialObjectMetadataList" }),
        query: this.#query({
          ...(this.#lists === "paged" && { limit: String(pageSize) }),
          ...(from !== undefined && { continue: from }),
        }),
        signal: this.#stopping.signal,
        timeoutMs: listSilenceMs,
      });
      for (const object of answer.items ?? []) this.#seen.set(object);
      this.#flush();
      from = answer.metadata.continue || undefined;
    } while (from !== undefined);
    this.#version = answer.metadata.resourceVersion;
    this.#endList();
  }

  #endList(): void {
    this.#seen.endList();
    this.#backoff.succeeded();
    this.#tell(undefined);
    this.#flush();
    if (this.#isSynced || this.#stopping.signal.aborted) return;
    this.#isSynced = true;
    this.#options.onSynced?.();
  }

  /** What else has arrived by then is told with it. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const changes = this.#seen.takeChanges();
    if (changes.length > 0 && !this.#stopping.signal.aborted) this.#options.onChanges(changes);
  }

  #tell(problem: ApiError | undefined): void {
    if (problem === undefined && this.#problem === undefined) return;
    this.#problem = problem;
    this.#options.onProblem?.(problem);
  }

  #path(): string {
    const { name: _, ...all } = this.#options.resource;
    return resourcePath(all);
  }

  #query(query: Readonly<Record<string, string>>): Record<string, string> {
    const { resource, labelSelector, fieldSelector } = this.#options;
    const fields = [resource.name !== undefined && `metadata.name=${resource.name}`, fieldSelector].filter(Boolean);
    return {
      ...query,
      ...(fields.length > 0 && { fieldSelector: fields.join(",") }),
      ...(labelSelector !== undefined && { labelSelector }),
    };
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    const waiting = this.#timers.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
    await promise;
    waiting[Symbol.dispose]();
    signal.removeEventListener("abort", end);
  }
}

const isNumber = (version: string): boolean => /^[0-9]+$/.test(version);

/** Of versions that are no numbers, nobody can tell. */
const isOlder = (version: string, known: string): boolean =>
  isNumber(version) && isNumber(known) && BigInt(version) < BigInt(known);
