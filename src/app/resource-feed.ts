/**
 * Carries Envoy resource records from the graph to the proxies: all changes of a step as one batch, the first step as the
 * whole state. Listeners pass the port gate first.
 */
import type { Change, Collection, Graph } from "../collections/index.ts";
import type { EnvoyRecord } from "../envoy/index.ts";
import type { PortGate } from "./port-gate.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

/** What keeps a record back until it says so; nothing does in a cluster, where each Envoy has its ports to itself. */
type Gate = Pick<PortGate, "admits" | "release">;

const OPEN: Gate = { admits: () => true, release: () => {} };

export class ResourceFeed implements Disposable {
  readonly #records: Collection<EnvoyRecord>;
  readonly #fleet: ProxyFleet;
  readonly #gate: Gate;
  readonly #subscription: Disposable;
  #isOpen = false;

  constructor(graph: Graph, records: Collection<EnvoyRecord>, fleet: ProxyFleet, gate: Gate = OPEN) {
    this.#records = records;
    this.#fleet = fleet;
    this.#gate = gate;
    this.#subscription = graph.subscribe(records, (changes) => this.#take(changes));
  }

  /** Lets the proxies have the state as it is, and every later change. Call it when every source has been read once. */
  open(): void {
    this.#isOpen = true;
    this.#fleet.open({
      upserts: [...this.#records.values()].filter((record) => this.#gate.admits(record)),
      removals: [],
    });
  }

  /** A listener that the gate kept back may go out. */
  release(listener: string): void {
    const record = this.#records.get(`listener/${listener}`);
    if (this.#isOpen && record) this.#fleet.apply({ upserts: [record], removals: [] });
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
    this.#fleet.apply({
      upserts: changes.flatMap(({ after }) => (after && this.#gate.admits(after) ? [after] : [])),
      removals: removed.map(({ kind, name, audience }) => ({
        kind,
        name,
        ...(audience !== undefined && { audience }),
      })),
    });
  }
}
