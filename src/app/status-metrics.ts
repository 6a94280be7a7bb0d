/**
 * What becomes of the statuses and Events that the leader writes, for Prometheus: by kind of object and outcome, never by object,
 * so that there are at most a few dozen series.
 */
import { Counter, Histogram, type Registry } from "prom-client";
import { parseObjectKey } from "../resources/index.ts";
import type { DroppedEvent, StatusWriteEvent } from "../status/index.ts";
import { droppedEvents } from "./process-metrics.ts";

const DROPPED_EVENTS: readonly DroppedEvent[] = ["rationed", "failed"];

export class StatusMetrics {
  readonly #writes: Counter;
  readonly #seconds: Histogram;
  readonly #dropped: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#writes = new Counter({
      name: "trilith_status_writes_total",
      help: "Writes of statuses: written, refused by the API server, in conflict with somebody else's and tried again, or left for later since the server was unavailable.",
      labelNames: ["kind", "outcome"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "trilith_status_write_seconds",
      help: "From the change of a status until it was stored.",
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.#dropped = droppedEvents(registry);
    for (const cause of DROPPED_EVENTS) this.#dropped.inc({ cause }, 0);
  }

  countWrite(event: StatusWriteEvent): void {
    this.#writes.inc({ kind: parseObjectKey(event.key).kind, outcome: event.kind });
    if (event.kind === "written") this.#seconds.observe(event.tookMs / 1_000);
  }

  countDropped(cause: DroppedEvent): void {
    this.#dropped.inc({ cause });
  }
}
