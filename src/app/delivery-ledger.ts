/**
 * What became of each resource in the Envoys of one proxy: who acknowledged which version, who refused it and why. Facts of
 * a connection no longer hold when it closes, but what was acknowledged stays known while nobody is connected.
 */
import type { EnvoyRecord } from "../envoy/index.ts";
import type { ProxyConnection } from "../transport/index.ts";
import { type Fact, type ResourceId, routeTableOf } from "../xds/index.ts";

/** What became of the present version of a resource. */
export type Delivery =
  | { readonly state: "acknowledged" }
  | { readonly state: "refused"; readonly message: string }
  | { readonly state: "pending" };

interface Outcome {
  readonly acknowledged?: string;
  readonly refused?: { readonly version: string; readonly message: string };
}

/** Of one connection. */
class Outcomes {
  readonly #byKey = new Map<string, Outcome>();
  readonly #hostsOfTable = new Map<string, number>();

  get(key: string): Outcome | undefined {
    return this.#byKey.get(key);
  }

  set(id: ResourceId, outcome: Outcome): void {
    const hadIt = this.#byKey.get(deliveryKey(id))?.acknowledged !== undefined;
    if (!hadIt && outcome.acknowledged !== undefined) this.#countHost(id, 1);
    this.#byKey.set(deliveryKey(id), outcome);
  }

  delete(id: ResourceId): void {
    if (this.#byKey.get(deliveryKey(id))?.acknowledged !== undefined) this.#countHost(id, -1);
    this.#byKey.delete(deliveryKey(id));
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  hasHostOf(table: string): boolean {
    return (this.#hostsOfTable.get(table) ?? 0) > 0;
  }

  #countHost({ kind, name }: ResourceId, change: 1 | -1): void {
    if (kind !== "virtualHost") return;
    const table = routeTableOf(name);
    const count = (this.#hostsOfTable.get(table) ?? 0) + change;
    if (count === 0) this.#hostsOfTable.delete(table);
    else this.#hostsOfTable.set(table, count);
  }
}

/** Proxies at different places have different ones. */
const isVersionOf = ({ version, at = {} }: EnvoyRecord, learnt: string | undefined): boolean =>
  learnt === version || Object.values(at).some((placed) => placed.version === learnt);

export const deliveryKey = ({ kind, name }: ResourceId): string => `${kind}/${name}`;

export class DeliveryLedger {
  readonly #connections = new Map<ProxyConnection, Outcomes>();
  #last: Outcomes = new Outcomes();

  /** Takes facts in; gives the keys of the resources they are about. */
  learn(proxy: ProxyConnection, facts: readonly Fact[]): readonly string[] {
    const outcomes = this.#connections.get(proxy) ?? new Outcomes();
    this.#connections.set(proxy, outcomes);
    return facts.map((fact) => {
      const key = deliveryKey(fact.id);
      const before = outcomes.get(key);
      switch (fact.kind) {
        case "acknowledged":
          outcomes.set(fact.id, { acknowledged: fact.version });
          break;
        case "refused":
          outcomes.set(fact.id, { ...before, refused: { version: fact.version, message: fact.message } });
          break;
        case "removed":
          outcomes.delete(fact.id);
          break;
        case "held":
        case "warming":
        case "unknown":
          break;
      }
      return key;
    });
  }

  /** Gives the keys of the resources that only the others are asked about now. */
  forget(proxy: ProxyConnection): readonly string[] {
    const outcomes = this.#connections.get(proxy);
    this.#connections.delete(proxy);
    if (outcomes === undefined) return [];
    if (this.#connections.size > 0) return [...outcomes.keys()];
    this.#last = outcomes;
    return [];
  }

  /** Keys of every resource that some proxy is known to have. */
  known(): Iterable<string> {
    return new Set(this.#outcomes().flatMap((of) => [...of.keys()]));
  }

  /** Whether every proxy has a host of the route table; until then it serves no listener that needs the table. */
  hasHostOf(table: string): boolean {
    return this.#outcomes().every((outcomes) => outcomes.hasHostOf(table));
  }

  /** A refusal by one proxy counts, since somebody must look; an acknowledgement counts when all have given it. */
  deliveryOf(record: EnvoyRecord): Delivery {
    const key = deliveryKey(record);
    const outcomes = this.#outcomes().map((of) => of.get(key));
    for (const outcome of outcomes) {
      if (isVersionOf(record, outcome?.refused?.version))
        return { state: "refused", message: outcome?.refused?.message ?? "" };
    }
    return {
      state: outcomes.every((outcome) => isVersionOf(record, outcome?.acknowledged)) ? "acknowledged" : "pending",
    };
  }

  #outcomes(): readonly Outcomes[] {
    return this.#connections.size === 0 ? [this.#last] : [...this.#connections.values()];
  }
}
