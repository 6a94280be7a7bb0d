/**
 * What became of each resource in the proxies: who acknowledged which version, who refused it and why. Facts of a
 * connection no longer hold when it closes, but what was acknowledged stays known while nobody is connected.
 */
import type { EnvoyRecord } from "../envoy/index.ts";
import type { ProxyConnection } from "../transport/index.ts";
import type { Fact, ResourceId } from "../xds/index.ts";

/** What became of the present version of a resource. */
export type Delivery =
  | { readonly state: "acknowledged" }
  | { readonly state: "refused"; readonly message: string }
  | { readonly state: "pending" };

interface Outcome {
  readonly acknowledged?: string;
  readonly refused?: { readonly version: string; readonly message: string };
}

type Outcomes = Map<string, Outcome>;

export const deliveryKey = ({ kind, name }: ResourceId): string => `${kind}/${name}`;

export class DeliveryLedger {
  readonly #connections = new Map<ProxyConnection, Outcomes>();
  #last: Outcomes = new Map();

  /** Takes facts in; gives the keys of the resources they are about. */
  learn(proxy: ProxyConnection, facts: readonly Fact[]): readonly string[] {
    const outcomes = this.#connections.get(proxy) ?? new Map<string, Outcome>();
    this.#connections.set(proxy, outcomes);
    return facts.map((fact) => {
      const key = deliveryKey(fact.id);
      const before = outcomes.get(key);
      switch (fact.kind) {
        case "acknowledged":
          outcomes.set(key, { acknowledged: fact.version });
          break;
        case "refused":
          outcomes.set(key, { ...before, refused: { version: fact.version, message: fact.message } });
          break;
        case "removed":
          outcomes.delete(key);
          break;
        case "held":
        case "warming":
          break;
      }
      return key;
    });
  }

  forget(proxy: ProxyConnection): void {
    const outcomes = this.#connections.get(proxy);
    this.#connections.delete(proxy);
    if (outcomes && this.#connections.size === 0) this.#last = outcomes;
  }

  get connected(): number {
    return this.#connections.size;
  }

  /** Keys of every resource that some proxy is known to have. */
  known(): Iterable<string> {
    const outcomes = this.#connections.size === 0 ? [this.#last] : [...this.#connections.values()];
    return new Set(outcomes.flatMap((of) => [...of.keys()]));
  }

  /** A refusal by one proxy counts, since somebody must look; an acknowledgement counts when all have given it. */
  deliveryOf(record: EnvoyRecord): Delivery {
    const key = deliveryKey(record);
    const outcomes = (this.#connections.size === 0 ? [this.#last] : [...this.#connections.values()]).map((of) =>
      of.get(key),
    );
    for (const outcome of outcomes) {
      if (outcome?.refused?.version === record.version) return { state: "refused", message: outcome.refused.message };
    }
    return {
      state: outcomes.every((outcome) => outcome?.acknowledged === record.version) ? "acknowledged" : "pending",
    };
  }
}
