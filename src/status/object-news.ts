/**
 * Tells the recorder of Events what happened to objects: statuses as they are written, and problems as they are found. While this
 * replica does not lead, it only remembers what is known, so that a new leader does not repeat it.
 */
import type { Change } from "../collections/index.ts";
import { systemTimers, type Timers } from "../kubernetes/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { type FoundProblem, newsOfProblem, newsOfStatus } from "./event-news.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { StoredObject, StoredObjects } from "./stored-objects.ts";

export interface ObjectNewsOptions {
  readonly recorder: Pick<EventRecorder, "record">;
  readonly stored: Pick<StoredObjects, "get">;
  readonly controllerName: string;
  readonly isLeading: () => boolean;
  readonly timers?: Timers;
}

/** A problem that is gone sooner is none, and the status that goes with it is written and seen by then. */
const PATIENCE_MS = 2_000;

export class ObjectNews implements Disposable {
  readonly #options: ObjectNewsOptions;
  readonly #timers: Timers;
  readonly #found = new Map<ObjectKey, Map<string, FoundProblem>>();
  readonly #waiting = new Map<string, Disposable>();

  constructor(options: ObjectNewsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** A status was written: see `StatusWriteEvent`. */
  takeWritten({
    key,
    before,
    after,
  }: {
    readonly key: ObjectKey;
    readonly before: StoredObject;
    readonly after: StoredObject;
  }): void {
    const { controllerName, recorder } = this.#options;
    const found = [...(this.#found.get(key)?.values() ?? [])];
    for (const news of newsOfStatus(before.status, after.status, { controllerName, found }))
      recorder.record(after, news);
  }

  /** Takes changes of what translation finds in. */
  takeFound(changes: readonly Change<FoundProblem>[]): void {
    for (const { key, before, after } of changes) {
      if (after === undefined) this.#forget(key, before);
      else {
        const ofObject = this.#found.get(after.object) ?? new Map<string, FoundProblem>();
        this.#found.set(after.object, ofObject.set(key, after));
        if (before === undefined && after.severity !== "info") this.#tellLater(key, after.object);
      }
    }
  }

  [Symbol.dispose](): void {
    for (const waiting of this.#waiting.values()) waiting[Symbol.dispose]();
    this.#waiting.clear();
  }

  #forget(key: string, problem: FoundProblem | undefined): void {
    this.#waiting.get(key)?.[Symbol.dispose]();
    this.#waiting.delete(key);
    if (problem === undefined) return;
    const ofObject = this.#found.get(problem.object);
    ofObject?.delete(key);
    if (ofObject?.size === 0) this.#found.delete(problem.object);
  }

  #tellLater(key: string, object: ObjectKey): void {
    if (!this.#options.isLeading()) return;
    const tell = (): void => {
      this.#waiting.delete(key);
      const problem = this.#found.get(object)?.get(key);
      const stored = this.#options.stored.get(object);
      if (problem === undefined || stored === undefined || !this.#options.isLeading()) return;
      const news = newsOfProblem(problem, stored.status, this.#options.controllerName);
      if (news) this.#options.recorder.record(stored, news);
    };
    this.#waiting.set(key, this.#timers.after(PATIENCE_MS, tell));
  }
}
