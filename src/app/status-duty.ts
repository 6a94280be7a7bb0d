/** The leader's duty to write: statuses as translation states them, and Events about what a person should know. */
import type { Logger } from "pino";
import type { ApiClient } from "../kubernetes/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { EventRecorder, ObjectNews, type StatusWriteEvent, StatusWriter, type StoredObjects } from "../status/index.ts";
import type { Engine } from "./engine.ts";
import type { Duty } from "./leadership.ts";
import { CONTROLLER_NAME } from "./standalone-settings.ts";
import type { StatusMetrics } from "./status-metrics.ts";

export interface StatusDutyOptions {
  readonly client: ApiClient;
  readonly engine: Engine;
  readonly stored: StoredObjects;
  readonly replica: string;
  readonly metrics: Pick<StatusMetrics, "countWrite" | "countDropped"> | undefined;
  readonly log: Logger;
}

export class StatusDuty implements Duty, AsyncDisposable {
  readonly #writer: StatusWriter;
  readonly #news: ObjectNews;
  readonly #metrics: StatusDutyOptions["metrics"];
  readonly #log: Logger;
  readonly #following: readonly Disposable[];
  #isLeading = false;

  constructor({ client, engine, stored, replica, metrics, log }: StatusDutyOptions) {
    const { graph, translation } = engine;
    this.#metrics = metrics;
    this.#log = log;
    const recorder = new EventRecorder({
      client,
      controllerName: CONTROLLER_NAME,
      instance: replica,
      onDropped: (cause) => metrics?.countDropped(cause),
    });
    this.#news = new ObjectNews({
      recorder,
      stored,
      controllerName: CONTROLLER_NAME,
      isLeading: () => this.#isLeading,
    });
    this.#writer = new StatusWriter({
      client,
      stated: translation.statuses,
      stored,
      controllerName: CONTROLLER_NAME,
      onEvent: (event) => this.#take(event),
    });
    this.#following = [
      // What proxies are to have of the same step is with them first.
      graph.subscribe(translation.statuses, (changes) => void setImmediate(() => this.#writer.take(changes))),
      graph.subscribe(translation.findings, (changes) => this.#news.takeFound(changes)),
    ];
  }

  /** Objects with something left to write. */
  get backlog(): number {
    return this.#writer.backlog;
  }

  start(): void {
    this.#isLeading = true;
    this.#writer.start();
  }

  async stop(): Promise<void> {
    this.#isLeading = false;
    await this.#writer.stop();
  }

  /** Somebody stored another version of these. */
  look(keys: readonly ObjectKey[]): void {
    this.#writer.look(keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const following of this.#following) following[Symbol.dispose]();
    this.#news[Symbol.dispose]();
    await this.stop();
  }

  #take(event: StatusWriteEvent): void {
    this.#metrics?.countWrite(event);
    switch (event.kind) {
      case "written":
        this.#news.takeWritten(event);
        break;
      case "refused":
      case "unavailable":
        this.#log.warn(
          { object: event.key, code: event.error.code },
          `a status was not written: ${event.error.message}`,
        );
        break;
      case "conflict":
        break;
    }
  }
}
