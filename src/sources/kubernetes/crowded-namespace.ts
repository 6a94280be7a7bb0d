/**
 * The objects of one kind in a namespace where many of them are wanted: one watch tells the versions of all that are there, and those
 * that are wanted are read, each when its version is another than the one that was read. Of the others nothing but metadata travels,
 * and nothing but names and versions is kept.
 *
 *   wanted:  read as soon as the watch has told of it; where it has told of all others, the object is not there
 *   changed: read again; what changes while it is read is read once more
 *   gone:    as the watch tells it, or as the server answers to a read
 *   away:    the watch goes on by itself, and a read that fails is tried again
 */
import {
  type ApiClient,
  ApiError,
  Backoff,
  type ResourceLocation,
  resourcePath,
  ResourceWatch,
  systemTimers,
  type Timers,
  type Turns,
} from "../../kubernetes/index.ts";
import type { SentObject } from "./trim-object.ts";

export interface CrowdedNamespaceOptions {
  readonly client: ApiClient;
  /** Of the kind, with the namespace. */
  readonly resource: ResourceLocation;
  /** For reads, and for the watch. */
  readonly turns: Turns;
  readonly onRead: (object: SentObject) => void;
  readonly onGone: (name: string) => void;
  /** What has this key has been read, is not there, or may not be read. Told again and again. */
  readonly onSettled: (key: string) => void;
  /** What has this key cannot be read, or can be again (undefined). */
  readonly onReadProblem: (key: string, problem: ApiError | undefined) => void;
  readonly onWatchProblem: (problem: ApiError | undefined) => void;
  readonly timers?: Timers | undefined;
}

/** `key`: of whoever wants it. */
interface ObjectWish {
  readonly key: string;
  readonly name: string;
}

interface WantedObject extends ObjectWish {
  /** That was read last; undefined: it is not there, or is yet to be read. */
  version: string | undefined;
  /** Ends the read that is under way. */
  reading: AbortController | undefined;
  /** The watch has told of it since that read began. */
  isStale: boolean;
}

/** What a read that is under way would still bring is of before. */
function forgetRead(wanted: WantedObject): void {
  wanted.reading?.abort();
  wanted.reading = undefined;
  wanted.version = undefined;
}

export class CrowdedNamespace implements Disposable {
  readonly #options: CrowdedNamespaceOptions;
  readonly #timers: Timers;
  readonly #wanted = new Map<string, WantedObject>();
  /** Of all that are there, by name. */
  readonly #versions = new Map<string, string>();
  readonly #watch: ResourceWatch<string>;

  constructor(options: CrowdedNamespaceOptions) {
    const { client, resource, turns, timers } = options;
    this.#options = options;
    this.#timers = timers ?? systemTimers;
    this.#watch = new ResourceWatch<string>({
      client,
      resource,
      onlyMetadata: true,
      read: ({ metadata }) => metadata.resourceVersion,
      onChanges: (changes) => {
        for (const change of changes) {
          const name = change.name.slice(change.name.indexOf("/") + 1);
          if (change.kind === "set") this.#versions.set(name, change.item);
          else this.#versions.delete(name);
          this.#look(name);
        }
      },
      onSynced: () => {
        for (const name of this.#wanted.keys()) this.#look(name);
      },
      onRestored: () => {
        for (const wanted of this.#wanted.values()) forgetRead(wanted);
      },
      onProblem: (problem) => {
        options.onWatchProblem(problem);
        if (problem?.code === "forbidden") for (const { key } of this.#wanted.values()) options.onSettled(key);
      },
      turns,
      ...(timers && { timers }),
    });
  }

  /** Nobody wants anything here any more. */
  get isEmpty(): boolean {
    return this.#wanted.size === 0;
  }

  /** Until it is disposed of, which takes nothing back. Nothing is told before this returns. */
  want({ key, name }: ObjectWish): Disposable {
    const wanted: WantedObject = { key, name, version: undefined, reading: undefined, isStale: false };
    this.#wanted.set(name, wanted);
    queueMicrotask(() => {
      if (this.#wanted.get(name) !== wanted) return;
      if (this.#watch.problem?.code === "forbidden") this.#options.onSettled(key);
      this.#look(name);
    });
    return {
      [Symbol.dispose]: () => {
        wanted.reading?.abort();
        this.#wanted.delete(name);
      },
    };
  }

  /** Nothing more is told. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    for (const { reading } of this.#wanted.values()) reading?.abort();
  }

  #look(name: string): void {
    const wanted = this.#wanted.get(name);
    if (wanted === undefined) return;
    const version = this.#versions.get(name);
    if (version === undefined) {
      if (this.#watch.isSynced) this.#lose(wanted);
    } else if (wanted.reading) wanted.isStale = true;
    else if (version !== wanted.version) void this.#read(wanted);
  }

  #lose(wanted: WantedObject): void {
    forgetRead(wanted);
    this.#options.onReadProblem(wanted.key, undefined);
    this.#options.onGone(wanted.name);
    this.#options.onSettled(wanted.key);
  }

  async #read(wanted: WantedObject): Promise<void> {
    const reading = new AbortController();
    const backoff = new Backoff({ firstMs: 100, longestMs: 10_000, random: Math.random });
    wanted.reading = reading;
    for (let isDone = false; !isDone && !reading.signal.aborted;) {
      wanted.isStale = false;
      try {
        this.#take(wanted, await this.#get(wanted.name, reading.signal), reading.signal);
        isDone = !wanted.isStale || this.#versions.get(wanted.name) === wanted.version;
      } catch (error) {
        await this.#recover(wanted, error, backoff, reading.signal);
      }
    }
    if (wanted.reading === reading) wanted.reading = undefined;
  }

  async #get(name: string, signal: AbortSignal): Promise<SentObject> {
    using _ = await this.#options.turns.take(signal);
    const path = resourcePath({ ...this.#options.resource, name });
    return await this.#options.client.request<SentObject>({ method: "GET", path, signal });
  }

  #take(wanted: WantedObject, object: SentObject, signal: AbortSignal): void {
    if (signal.aborted) return;
    wanted.version = object.metadata.resourceVersion;
    this.#options.onReadProblem(wanted.key, undefined);
    this.#options.onRead(object);
    this.#options.onSettled(wanted.key);
  }

  async #recover(wanted: WantedObject, cause: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const error = cause instanceof ApiError ? cause : new ApiError("failed", String(cause), { cause });
    if (error.code === "notFound") {
      this.#lose(wanted);
      return;
    }
    this.#options.onReadProblem(wanted.key, error);
    if (error.code === "forbidden") this.#options.onSettled(wanted.key);
    await this.#wait(backoff.afterFailure(error.retryAfterMs), signal);
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    using _ = this.#timers.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
    await promise;
    signal.removeEventListener("abort", end);
  }
}
