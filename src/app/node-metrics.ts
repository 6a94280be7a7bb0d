/** What the agent on a node counts, for Prometheus: by state and outcome, never by pod. */
import { Counter, Gauge } from "prom-client";
import type { RedirectionErrorCode, RedirectionState } from "../node/index.ts";
import type { DroppedEvent } from "../status/index.ts";
import { droppedEvents, processRegistry } from "./process-metrics.ts";

export class NodeMetrics {
  readonly #registry = processRegistry();
  readonly #pods: Gauge;
  readonly #redirections: Counter;
  readonly #failures: Counter;
  readonly #dropped: Counter;

  constructor() {
    const registers = [this.#registry];
    this.#pods = new Gauge({
      name: "trilith_node_pods",
      help: "Pods of this node that ask for redirection: redirected, waiting for their sidecar, or failing.",
      labelNames: ["state"],
      registers,
    });
    this.#redirections = new Counter({
      name: "trilith_node_redirections_total",
      help: "How often the kernel was made to redirect the connections of a pod.",
      registers,
    });
    this.#failures = new Counter({
      name: "trilith_node_failures_total",
      help: "How often that began to fail, for a reason that waiting does not explain.",
      labelNames: ["reason"],
      registers,
    });
    this.#dropped = droppedEvents(this.#registry);
  }

  countRedirection(): void {
    this.#redirections.inc();
  }

  countFailure(reason: RedirectionErrorCode): void {
    this.#failures.inc({ reason });
  }

  countDropped(cause: DroppedEvent): void {
    this.#dropped.inc({ cause });
  }

  async render(
    pods: Readonly<Record<RedirectionState, number>>,
  ): Promise<{ readonly contentType: string; readonly text: string }> {
    for (const [state, count] of Object.entries(pods)) this.#pods.set({ state }, count);
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
