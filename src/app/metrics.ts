/**
 * What Trilith counts, for Prometheus. Few series, none per route: with thousands of routes the page stays as long as with
 * one. Numbers that somebody else keeps are read when the page is asked for.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { DeltaDiscoveryResponse } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import { type Fact, kindOf } from "../xds/index.ts";
import type { Diagnostic } from "./diagnosis.ts";
import type { Engine } from "./engine.ts";

export interface MetricReadings {
  readonly engine: Engine;
  readonly resources: number;
  readonly proxies: number;
  readonly ready: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Standalone. */
  readonly filesHeld?: number;
  /** In a cluster: whether this replica leads, and objects whose status is yet to be written. */
  readonly leading?: boolean;
  readonly statusBacklog?: number;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #answers: Counter;
  readonly #sent: Counter;
  readonly #sentBytes: Counter;
  readonly #restarts: Counter;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#answers = new Counter({
      name: "trilith_xds_answers_total",
      help: "What proxies said of the resources they were sent.",
      labelNames: ["resource", "answer"],
      registers: [this.#registry],
    });
    this.#sent = new Counter({
      name: "trilith_xds_resources_sent_total",
      help: "Resources that proxies were sent.",
      labelNames: ["resource"],
      registers: [this.#registry],
    });
    this.#sentBytes = new Counter({
      name: "trilith_xds_bytes_sent_total",
      help: "Bytes of the resources that proxies were sent.",
      labelNames: ["resource"],
      registers: [this.#registry],
    });
    this.#restarts = new Counter({
      name: "trilith_envoy_restarts_total",
      help: "How often Envoy ended unasked and was started again.",
      registers: [this.#registry],
    });
  }

  countFacts(facts: readonly Fact[]): void {
    for (const { kind, id } of facts) this.#answers.inc({ resource: id.kind, answer: kind });
  }

  countSent({ typeUrl, resources }: DeltaDiscoveryResponse): void {
    const resource = kindOf(typeUrl) ?? typeUrl;
    this.#sent.inc({ resource }, resources.length);
    this.#sentBytes.inc(
      { resource },
      resources.reduce((sum, sent) => sum + (sent.resource?.value.byteLength ?? 0), 0),
    );
  }

  countRestart(): void {
    this.#restarts.inc();
  }

  async render({
    engine,
    resources,
    proxies,
    ready,
    diagnostics,
    filesHeld,
    leading,
    statusBacklog,
  }: MetricReadings): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#set("trilith_ready", "1 once the first complete state was acknowledged.", Number(ready));
    this.#set("trilith_proxies_connected", "Envoys with an open stream.", proxies);
    this.#set("trilith_envoy_resources", "Envoy resources that are wanted.", resources);
    if (filesHeld !== undefined)
      this.#set("trilith_files_held", "Files with objects that keep their last good state.", filesHeld);
    if (leading !== undefined) this.#set("trilith_leading", "1 for the replica that leads.", Number(leading));
    if (statusBacklog !== undefined)
      this.#set("trilith_status_backlog", "Objects whose status is yet to be written.", statusBacklog);
    this.#set(
      "trilith_graph_recomputations",
      "Inputs of derived collections worked out since the start.",
      engine.graph.recomputed,
    );
    this.#set(
      "trilith_graph_failures",
      "Inputs whose derivation failed; their last good outputs stay.",
      engine.graph.failures.size,
    );
    for (const severity of ["error", "warning"] as const) {
      const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
      this.#set(`trilith_${severity}s`, `Findings of severity ${severity}.`, found);
    }
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #set(name: string, help: string, value: number): void {
    const gauge = this.#gauges.get(name) ?? new Gauge({ name, help, registers: [this.#registry] });
    this.#gauges.set(name, gauge);
    gauge.set(value);
  }
}
