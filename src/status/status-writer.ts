/**
 * Keeps the statuses in the API server as translation states them, while this replica leads. For each object: what is stored
 * is compared with what is stated, a difference is written at the pace of `WritePace`, one write at a time, always of the
 * newest state. An object goes through these steps:
 *
 *   changed → waits for its time → in line → being written → at rest (and soon forgotten)
 *
 * A change while it waits or is in line is taken along; one while it is being written is looked at afterwards. What the
 * server refuses is tried again much later or when it changes; while the server is away, all wait. See write-status.ts for
 * what one write is.
 */
import { type ApiClient, type ApiError, systemTimers, type Timers } from "../kubernetes/index.ts";
import type { Change, Collection } from "../collections/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { Outage } from "./outage.ts";
import type { StatedObject } from "./status-book.ts";
import { hasOwnEntry, newsOf, type StatusNews } from "./status-difference.ts";
import { laterOf, type StoredObject, type StoredObjects } from "./stored-objects.ts";
import { LONGEST_COUNT_MS, WritePace } from "./write-pace.ts";
import { WriteQueue } from "./write-queue.ts";
import { statusToWrite, type WriteOutcome, writeStatus } from "./write-status.ts";

export interface StatusWriterOptions {
  readonly client: ApiClient;
  /** What translation says; `take` must be told its changes. */
  readonly stated: Collection<StatedObject>;
  /** What the API server has; `look` must be told when somebody else changed a status. */
  readonly stored: StoredObjects;
  readonly controllerName: string;
  /** Writes under way at once. Default 16. */
  readonly maxConcurrent?: number;
  readonly timers?: Timers;
  readonly clock?: () => Date;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly onEvent?: (event: StatusWriteEvent) => void;
}

/** For metrics, logs and Events. */
export type StatusWriteEvent =
  | {
      readonly kind: "written";
      readonly key: ObjectKey;
      readonly before: StoredObject;
      readonly after: StoredObject;
      /** From the change until it was stored. */
      readonly tookMs: number;
    }
  /** Somebody else wrote in between. */
  | { readonly kind: "conflict"; readonly key: ObjectKey }
  | { readonly kind: "refused" | "unavailable"; readonly key: ObjectKey; readonly error: ApiError };

/** What is known of one object while there is something to do about it, and a little longer. */
interface Task {
  readonly key: ObjectKey;
  readonly pace: WritePace;
  step: "waiting" | "inLine" | "writing" | "resting";
  /** When the step ends by itself. */
  timer?: Disposable;
  /** Something changed while it was being written. */
  isChanged: boolean;
  changedAt: number;
  refusals: number;
  /** As the server answered the last write; until the watch brings it, newer than what is known otherwise. */
  written?: StoredObject;
}

const DEFAULT_CONCURRENT = 16;
/** So many objects are compared at a stretch, which takes some 20 ms. */
const SLICE = 500;
const FORGET_MS = 10_000;
/** After this the new judgement should be there. */
const OUTDATED_MS = 2_000;
/** A verdict that is due later than this is nothing that a count waits for. */
const SOON_MS = 100;
const REFUSED_MS = 30_000;
const LONGEST_REFUSED_MS = 300_000;

export class StatusWriter implements AsyncDisposable {
  readonly #options: StatusWriterOptions;
  readonly #timers: Timers;
  readonly #outage: Outage;
  readonly #queue = new WriteQueue();
  readonly #tasks = new Map<ObjectKey, Task>();
  /** Verdicts that are due soon, in line or being written. */
  readonly #verdicts = new Set<ObjectKey>();
  /** Counts that are due, and wait until there are none of those. */
  readonly #heldCounts = new Set<Task>();
  readonly #underWay = new Set<Promise<void>>();
  #leading: AbortController | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    const random = options.random ?? Math.random;
    this.#outage = new Outage({ timers: this.#timers, random, ended: () => this.#pump() });
  }

  /** Objects with something left to write. */
  get backlog(): number {
    return [...this.#tasks.values()].filter(({ step }) => step !== "resting").length;
  }

  /**
   * This replica leads from now on: everything is compared once, and what differs is written. Only when all that is stored
   * is known and translated: what is not stated would be taken away.
   */
  start(): void {
    if (this.#leading) return;
    this.#leading = new AbortController();
    const { stated, stored, controllerName } = this.#options;
    const keys = [...stated.values()].map(({ key }) => key);
    for (const key of stored.keys()) {
      if (stated.get(key) === undefined && hasOwnEntry(stored.get(key)?.status, controllerName)) keys.push(key);
    }
    this.#compare(keys, this.#leading.signal);
  }

  /** It leads no longer: nothing more is sent, at once; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#leading?.abort();
    this.#leading = undefined;
    this.#outage[Symbol.dispose]();
    this.#queue.clear();
    for (const { timer } of this.#tasks.values()) timer?.[Symbol.dispose]();
    this.#tasks.clear();
    this.#verdicts.clear();
    this.#heldCounts.clear();
    await Promise.all(this.#underWay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Takes changes of `stated` in. */
  take(changes: readonly Change<StatedObject>[]): void {
    if (!this.#leading) return;
    for (const { key } of changes) this.#mark(key as ObjectKey);
  }

  /** Compares these with what is stored now, since somebody else wrote there. */
  look(keys: Iterable<ObjectKey>): void {
    if (!this.#leading) return;
    for (const key of keys) this.#mark(key);
  }

  /** In slices, between which others have their turn: there may be tens of thousands. */
  #compare(keys: readonly ObjectKey[], signal: AbortSignal): void {
    if (signal.aborted) return;
    for (const key of keys.slice(0, SLICE)) this.#mark(key);
    if (keys.length > SLICE) this.#timers.after(0, () => this.#compare(keys.slice(SLICE), signal));
  }

  #mark(key: ObjectKey): void {
    const known = this.#tasks.get(key);
    if (known?.step === "writing") {
      known.isChanged = true;
      return;
    }
    const news = this.#newsOf(key, known);
    if (news === undefined) {
      if (known) this.#rest(known);
      return;
    }
    const task = known ?? this.#newTask(key);
    const now = this.#timers.now();
    if (task.step === "resting") task.changedAt = now;
    if (task.step === "inLine") {
      this.#expect(key, news);
      this.#standInLine(task, news);
      return;
    }
    const waitMs = task.pace.change(news, now, this.#options.stated.get(key)?.isPassing) - now;
    this.#wait(task, waitMs);
    this.#expect(key, waitMs > SOON_MS ? undefined : news);
  }

  /** `news`: what is written of it soon, if anything. */
  #expect(key: ObjectKey, news: StatusNews | undefined): void {
    if (news !== undefined && news !== "count") this.#verdicts.add(key);
    else if (this.#verdicts.delete(key) && this.#verdicts.size === 0) this.#releaseCounts();
  }

  #releaseCounts(): void {
    // One that turns out to be a verdict holds those behind it again.
    const held = [...this.#heldCounts];
    for (const task of held) this.#enterLine(task);
  }

  #newTask(key: ObjectKey): Task {
    const task: Task = { key, pace: new WritePace(), step: "resting", isChanged: false, changedAt: 0, refusals: 0 };
    this.#tasks.set(key, task);
    return task;
  }

  /** Whatever it waited for, it waits no longer. */
  #step(task: Task, step: Task["step"]): void {
    task.timer?.[Symbol.dispose]();
    this.#heldCounts.delete(task);
    task.step = step;
  }

  #wait(task: Task, ms: number): void {
    this.#step(task, "waiting");
    task.timer = this.#timers.after(Math.max(ms, 0), () => this.#enterLine(task));
  }

  /** Nothing is written of it soon. */
  #postpone(task: Task, ms: number): void {
    this.#wait(task, ms);
    this.#expect(task.key, undefined);
  }

  #rest(task: Task): void {
    task.pace.rest();
    this.#step(task, "resting");
    task.timer = this.#timers.after(FORGET_MS, () => this.#tasks.delete(task.key));
    this.#expect(task.key, undefined);
  }

  /**
   * A count waits until no verdict is about to be written: while some are, more routes are to be expected, and when a busy server
   * keeps the routes back, it keeps the verdicts back, too.
   */
  #enterLine(task: Task): void {
    const { key } = task;
    const news = this.#newsOf(key, task);
    if (news === undefined) {
      this.#rest(task);
      return;
    }
    this.#expect(key, news);
    const leftMs = this.#leftMs(task);
    if (news === "count" && this.#verdicts.size > 0 && leftMs > 0) {
      this.#wait(task, leftMs);
      this.#heldCounts.add(task);
      return;
    }
    this.#step(task, "inLine");
    this.#standInLine(task, news);
    this.#pump();
  }

  /** A count that has waited its longest waits for nothing that comes after it. */
  #standInLine(task: Task, news: StatusNews): void {
    this.#queue.add(task.key, news === "count" && this.#leftMs(task) <= 0 ? "first" : news);
  }

  /** How long a count may still wait. */
  #leftMs({ changedAt }: Task): number {
    return changedAt + LONGEST_COUNT_MS - this.#timers.now();
  }

  #pump(): void {
    const most = this.#options.maxConcurrent ?? DEFAULT_CONCURRENT;
    while (this.#leading && this.#underWay.size < this.#outage.limit(most)) {
      const key = this.#queue.take();
      const task = key && this.#tasks.get(key);
      if (task === undefined) return;
      const writing = this.#write(task, this.#leading.signal).finally(() => {
        this.#underWay.delete(writing);
        this.#pump();
      });
      this.#underWay.add(writing);
    }
  }

  async #write(task: Task, signal: AbortSignal): Promise<void> {
    const { key } = task;
    const object = this.#storedOf(task.key, task);
    const news = this.#newsOf(task.key, task);
    if (object === undefined || news === undefined) {
      this.#rest(task);
      return;
    }
    task.step = "writing";
    task.isChanged = false;
    task.pace.write(news, this.#timers.now());
    const outcome = await writeStatus(this.#options.client, {
      object,
      stated: this.#options.stated.get(key),
      controllerName: this.#options.controllerName,
      now: this.#now(),
      signal,
      onConflict: () => this.#tell({ kind: "conflict", key }),
    });
    if (!signal.aborted) this.#settle(task, outcome);
  }

  #settle(task: Task, outcome: WriteOutcome): void {
    const { key } = task;
    if (outcome.kind === "unavailable") this.#outage.failed(outcome.error.retryAfterMs);
    else this.#outage.succeeded();
    if (outcome.kind !== "refused") task.refusals = 0;
    task.step = "resting";
    switch (outcome.kind) {
      case "written": {
        const { before, after } = outcome;
        task.written = after;
        this.#tell({ kind: "written", key, before, after, tookMs: this.#timers.now() - task.changedAt });
        break;
      }
      case "unavailable":
        this.#tell({ kind: "unavailable", key, error: outcome.error });
        this.#enterLine(task);
        return;
      case "refused": {
        this.#tell({ kind: "refused", key, error: outcome.error });
        const delayMs = Math.min(REFUSED_MS * 2 ** task.refusals, LONGEST_REFUSED_MS);
        task.refusals += 1;
        if (!task.isChanged) this.#postpone(task, delayMs);
        break;
      }
      case "outdated":
        if (!task.isChanged) this.#postpone(task, OUTDATED_MS);
        break;
      case "unchanged":
      case "gone":
      case "aborted":
        break;
    }
    if (task.isChanged) this.#mark(key);
    else if (task.step === "resting") this.#rest(task);
  }

  /** Undefined where there is nothing to write. */
  #newsOf(key: ObjectKey, task: Task | undefined): StatusNews | undefined {
    const { stated, controllerName } = this.#options;
    const object = this.#storedOf(key, task);
    const status = object && statusToWrite(object, { stated: stated.get(key), controllerName, now: this.#now() });
    return status && newsOf(object.status, status, controllerName);
  }

  #storedOf(key: ObjectKey, task: Task | undefined): StoredObject | undefined {
    const stored = this.#options.stored.get(key);
    return stored && laterOf(stored, task?.written);
  }

  #tell(event: StatusWriteEvent): void {
    this.#options.onEvent?.(event);
  }

  #now(): string {
    const clock = this.#options.clock ?? (() => new Date());
    return clock()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
  }
}
