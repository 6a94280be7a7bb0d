/**
 * What Trilith counts, for Prometheus. Few series, none per route: with thousands of routes the page stays as long as with
 * one. Numbers that somebody else keeps are read when the page is asked for.
 */
import { Counter, Gauge } from "prom-client";
import type { DeltaDiscoveryResponse } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { RefusalReason } from "../identity/index.ts";
import { type Fact, kindOf, type ResourceId } from "../xds/index.ts";
import type { Diagnostic } from "./diagnosis.ts";
import type { Engine } from "./engine.ts";
import { processRegistry } from "./process-metrics.ts";
import { PROXY_ROLES, type ProxyCounts } from "./proxy-counts.ts";
import { StatusMetrics } from "./status-metrics.ts";

export interface MetricReadings {
  readonly engine: Engine;
  readonly resources: number;
  /** Of those that have a stream here. */
  readonly proxies: ProxyCounts;
  readonly ready: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Standalone. */
  readonly filesHeld?: number;
  /** In a cluster: whether the Secrets of the authority could not be read or used when they were looked at last. */
  readonly isAuthorityUnusable?: boolean;
  /** In a cluster: whether this replica leads, and objects whose status is yet to be written. */
  readonly leading?: boolean;
  readonly statusBacklog?: number;
}

export class Metrics {
  /** Of what is written to the API server: none where statuses stay in the process. */
  readonly statuses: StatusMetrics | undefined;
  readonly #registry = processRegistry();
  readonly #proxies: Readonly<Record<keyof ProxyCounts["gateway"], Gauge>>;
  readonly #gauges = new Map<string, Gauge>();
  readonly #answers: Counter;
  readonly #sent: Counter;
  readonly #sentBytes: Counter;
  readonly #largest: Gauge;
  readonly #restarts: Counter;
  readonly #refusedCallers: Counter;
  readonly #withheld: Counter;
  #largestBytes = 0;

  constructor({ writesStatuses = false }: { readonly writesStatuses?: boolean } = {}) {
    const registers = [this.#registry];
    this.statuses = writesStatuses ? new StatusMetrics(this.#registry) : undefined;
    this.#proxies = {
      connected: new Gauge({
        name: "trilith_proxies_connected",
        help: "Envoys with an open stream here: of Gateways, and beside workloads of the mesh.",
        labelNames: ["role"],
        registers,
      }),
      current: new Gauge({
        name: "trilith_proxies_in_sync",
        help: "Of those, the ones that have acknowledged all that they are to have.",
        labelNames: ["role"],
        registers,
      }),
    };
    this.#answers = new Counter({
      name: "trilith_xds_answers_total",
      help: "What proxies said of the resources they were sent.",
      labelNames: ["resource", "answer"],
      registers,
    });
    this.#sent = new Counter({
      name: "trilith_xds_resources_sent_total",
      help: "Resources that proxies were sent.",
      labelNames: ["resource"],
      registers,
    });
    this.#sentBytes = new Counter({
      name: "trilith_xds_bytes_sent_total",
      help: "Bytes of the resources that proxies were sent.",
      labelNames: ["resource"],
      registers,
    });
    this.#largest = new Gauge({
      name: "trilith_xds_largest_message_bytes",
      help: "Bytes of the resources in the largest message since the start; proxies take 4 MiB.",
      registers,
    });
    this.#restarts = new Counter({
      name: "trilith_envoy_restarts_total",
      help: "How often Envoy ended unasked and was started again.",
      registers,
    });
    this.#refusedCallers = new Counter({
      name: "trilith_callers_refused_total",
      help: "Proxies, and replicas of the control plane, that did not prove what they said they are, or could not.",
      labelNames: ["caller", "reason"],
      registers,
    });
    this.#withheld = new Counter({
      name: "trilith_xds_withheld_total",
      help: "Resources of others that a proxy asked for by name, and was not given.",
      labelNames: ["resource"],
      registers,
    });
  }

  countFacts(facts: readonly Fact[]): void {
    for (const { kind, id } of facts) if (kind !== "unknown") this.#answers.inc({ resource: id.kind, answer: kind });
  }

  countSent({ typeUrl, resources }: DeltaDiscoveryResponse): void {
    const resource = kindOf(typeUrl) ?? typeUrl;
    this.#sent.inc({ resource }, resources.length);
    const bytes = resources.reduce((sum, sent) => sum + (sent.resource?.value.byteLength ?? 0), 0);
    this.#sentBytes.inc({ resource }, bytes);
    if (bytes <= this.#largestBytes) return;
    this.#largestBytes = bytes;
    this.#largest.set(bytes);
  }

  countRefusedCaller(caller: "proxy" | "replica", reason: RefusalReason): void {
    this.#refusedCallers.inc({ caller, reason });
  }

  countWithheld(ids: readonly ResourceId[]): void {
    for (const { kind } of ids) this.#withheld.inc({ resource: kind });
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
    isAuthorityUnusable,
    leading,
    statusBacklog,
  }: MetricReadings): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#set("trilith_ready", "1 once the first complete state was acknowledged.", Number(ready));
    for (const role of PROXY_ROLES) {
      this.#proxies.connected.set({ role }, proxies[role].connected);
      this.#proxies.current.set({ role }, proxies[role].current);
    }
    this.#set("trilith_envoy_resources", "Envoy resources that are wanted.", resources);
    if (filesHeld !== undefined)
      this.#set("trilith_files_held", "Files with objects that keep their last good state.", filesHeld);
    if (isAuthorityUnusable !== undefined)
      this.#set(
        "trilith_authority_unusable",
        "1 while the authority of identities is not what its Secrets say, since those are of no use.",
        Number(isAuthorityUnusable),
      );
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
