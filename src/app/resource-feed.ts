/**
 * Carries Envoy resource records from the graph to the proxies: all changes of a step as one batch, the first step as the
 * whole state. Listeners pass the port gate first.
 */
import type { Change, Collection, Graph } from "../collections/index.ts";
import type { EnvoyRecord } from "../envoy/index.ts";
import type { ProxyGroup } from "../transport/index.ts";
import type { PortGate } from "./port-gate.ts";

export class ResourceFeed implements Disposable {
  readonly #records: Collection<EnvoyRecord>;
  readonly #group: ProxyGroup;
  readonly #gate: PortGate;
  readonly #subscription: Disposable;
  #isOpen = false;

  constructor(graph: Graph, records: Collection<EnvoyRecord>, group: ProxyGroup, gate: PortGate) {
    this.#records = records;
    this.#group = group;
    this.#gate = gate;
    this.#subscription = graph.subscribe(records, (changes) => this.#take(changes));
  }

  /** Lets the proxies have the state as it is, and every later change. Call it when every source has been read once. */
  open(): void {
    this.#isOpen = true;
    this.#group.apply({
      upserts: [...this.#records.values()].filter((record) => this.#gate.admits(record)),
      removals: [],
    });
  }

  /** A listener that the gate kept back may go out. */
  release(listener: string): void {
    const record = this.#records.get(`listener/${listener}`);
    if (this.#isOpen && record) this.#group.apply({ upserts: [record], removals: [] });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #take(changes: readonly Change<EnvoyRecord>[]): void {
    const removed = changes.flatMap(({ before, after }) =>
      before !== undefined && after === undefined ? [before] : [],
    );
    for (const { kind, name } of removed) if (kind === "listener") this.#gate.release(name);
    if (!this.#isOpen) return;
    this.#group.apply({
      upserts: changes.flatMap(({ after }) => (after && this.#gate.admits(after) ? [after] : [])),
      removals: removed.map(({ kind, name }) => ({ kind, name })),
    });
  }
}
