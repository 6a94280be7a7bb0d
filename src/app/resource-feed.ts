/**
 * Carries Envoy resource records from the graph to the proxies: all changes of a step as one batch, the first step as the
 * whole state.
 */
import type { Change, Collection, Graph } from "../collections/index.ts";
import type { EnvoyRecord } from "../envoy/index.ts";
import type { ProxyGroup } from "../transport/index.ts";
import type { ResourceBatch } from "../xds/index.ts";

export class ResourceFeed implements Disposable {
  readonly #records: Collection<EnvoyRecord>;
  readonly #group: ProxyGroup;
  readonly #subscription: Disposable;
  #isOpen = false;

  constructor(graph: Graph, records: Collection<EnvoyRecord>, group: ProxyGroup) {
    this.#records = records;
    this.#group = group;
    this.#subscription = graph.subscribe(records, (changes) => this.#take(changes));
  }

  /** Lets the proxies have the state as it is, and every later change. Call it when every source has been read once. */
  open(): void {
    this.#isOpen = true;
    this.#group.apply({ upserts: [...this.#records.values()], removals: [] });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #take(changes: readonly Change<EnvoyRecord>[]): void {
    if (this.#isOpen) this.#group.apply(batchOf(changes));
  }
}

function batchOf(changes: readonly Change<EnvoyRecord>[]): ResourceBatch {
  return {
    upserts: changes.flatMap(({ after }) => after ?? []),
    removals: changes.flatMap(({ before, after }) =>
      before !== undefined && after === undefined ? [{ kind: before.kind, name: before.name }] : [],
    ),
  };
}
