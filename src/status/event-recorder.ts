/**
 * Writes Events, as few as serve: the same news again only counts up the Event that is there, and an object has no more
 * than a few for the same reason in an hour. All together are rationed, so that thousands of routes that break at once do not
 * keep the API server busy. Events are for people who look: one that cannot be written is dropped.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import { type ApiClient, ApiError, resourcePath, systemTimers, type Timers } from "../kubernetes/index.ts";
import type { News } from "./event-news.ts";
import type { StoredObject } from "./stored-objects.ts";

/** Why an Event was not written: there were too many, or the API server did not take it. */
export type DroppedEvent = "rationed" | "failed";

export interface EventRecorderOptions {
  readonly client: ApiClient;
  readonly controllerName: string;
  /** The name of the replica. */
  readonly instance: string;
  readonly timers?: Timers;
  readonly clock?: () => Date;
  /** An Event was not written. */
  readonly onDropped?: (cause: DroppedEvent) => void;
}

/** The Events of one object for one reason. */
interface Line {
  readonly beganAt: number;
  /** Written in this hour. */
  written: number;
  readonly byNote: Map<string, Written>;
}

interface Written {
  readonly namespace: string;
  readonly name: string;
  count: number;
  countedAt: number;
}

const HOUR_MS = 3_600_000;
/** For one object and one reason, in an hour. */
const MOST_AN_HOUR = 3;
const COUNT_EVERY_MS = 300_000;
/** Of all objects: so many at once, and then one each time this passes. */
const MOST_AT_ONCE = 25;
const REFILL_MS = 500;
const MOST_LINES = 5_000;
/** In bytes. */
const MOST_NOTE = 1_024;
const MOST_NAME = 200;

export class EventRecorder implements AsyncDisposable {
  readonly #options: EventRecorderOptions;
  readonly #timers: Timers;
  readonly #lines = new Map<string, Line>();
  readonly #underWay = new Set<Promise<void>>();
  #ration = MOST_AT_ONCE;
  #refilledAt: number;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#refilledAt = this.#timers.now();
  }

  /** Writes it, or not, in its own time. */
  record(object: StoredObject, news: News): void {
    const now = this.#timers.now();
    const line = this.#lineOf(
      `${object.uid ?? `${object.kind}/${object.namespace}/${object.name}`} ${news.reason}`,
      now,
    );
    const before = line.byNote.get(news.note);
    if (before) {
      before.count += 1;
      if (now - before.countedAt < COUNT_EVERY_MS) return;
      before.countedAt = now;
      this.#send(this.#countUp(before));
      return;
    }
    if (line.written >= MOST_AN_HOUR || !this.#takeRation(now)) {
      this.#options.onDropped?.("rationed");
      return;
    }
    line.written += 1;
    const namespace = object.namespace ?? "default";
    const name = `${object.name.slice(0, MOST_NAME)}.${this.#date().getTime().toString(16)}${line.written.toString(16)}`;
    line.byNote.set(news.note, { namespace, name, count: 1, countedAt: now });
    this.#send(this.#create({ namespace, name }, object, news));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #lineOf(key: string, now: number): Line {
    const known = this.#lines.get(key);
    if (known && now - known.beganAt < HOUR_MS) return known;
    this.#lines.delete(key);
    const line: Line = { beganAt: now, written: 0, byNote: new Map() };
    this.#lines.set(key, line);
    // The map is in order of age.
    for (const oldest of this.#lines.size > MOST_LINES ? this.#lines.keys() : []) {
      this.#lines.delete(oldest);
      break;
    }
    return line;
  }

  #takeRation(now: number): boolean {
    const refill = Math.floor((now - this.#refilledAt) / REFILL_MS);
    this.#ration = Math.min(this.#ration + refill, MOST_AT_ONCE);
    this.#refilledAt += refill * REFILL_MS;
    if (this.#ration === 0) return false;
    this.#ration -= 1;
    return true;
  }

  #send(sending: Promise<unknown>): void {
    const done: Promise<void> = sending
      .then(
        () => undefined,
        (error: unknown) => {
          if (!(error instanceof ApiError)) throw error;
          this.#options.onDropped?.("failed");
        },
      )
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #create(
    at: { readonly namespace: string; readonly name: string },
    object: StoredObject,
    news: News,
  ): Promise<void> {
    const { apiVersion, kind, namespace, name, uid, resourceVersion } = object;
    await this.#options.client.request({
      method: "POST",
      path: resourcePath({ ...LOCATION, namespace: at.namespace }),
      body: {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: at,
        eventTime: this.#microTime(),
        reportingController: this.#options.controllerName,
        reportingInstance: this.#options.instance.slice(0, 128),
        type: news.type,
        reason: news.reason.slice(0, 128),
        action: news.action,
        note: cut(news.note),
        regarding: { apiVersion, kind, name, ...(namespace && { namespace }), ...(uid && { uid }), resourceVersion },
      },
    });
  }

  async #countUp({ namespace, name, count }: Written): Promise<void> {
    await this.#options.client.request({
      method: "PATCH",
      patch: "merge",
      path: resourcePath({ ...LOCATION, namespace, name }),
      body: { series: { count, lastObservedTime: this.#microTime() } },
    });
  }

  #microTime(): string {
    return this.#date().toISOString().replace("Z", "000Z");
  }

  #date(): Date {
    return this.#options.clock?.() ?? new Date();
  }
}

const LOCATION = { group: "events.k8s.io", version: "v1", plural: "events" } as const;

function cut(note: string): string {
  const bytes = Buffer.from(note);
  // A character that is cut in two becomes a sign of up to three bytes.
  return bytes.length <= MOST_NOTE ? note : `${bytes.subarray(0, MOST_NOTE - 8).toString()} …`;
}
