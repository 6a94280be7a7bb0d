/**
 * Which destinations Envoys of the mesh have asked about, and since when nobody does: an Envoy asks once, and counts until its stream
 * ends. When it comes back, it names all of them again.
 */
import { askedDestination } from "../envoy/index.ts";
import type { AskedDestination, DestinationKey } from "../model/index.ts";
import type { ResourceId } from "../xds/index.ts";

interface DestinationEvents {
  /** By somebody, for the first time. */
  readonly asked: (destination: AskedDestination) => void;
  /** The last who asked has gone. */
  readonly forgotten: (destination: AskedDestination) => void;
}

/**
 * Of one Envoy; a workload that connects to more addresses than that, as a port scanner does, gets no answer about the others, so that
 * their connections fail. Each costs its proxy some tens of kilobytes.
 */
const MAX_DESTINATIONS = 10_000;

export class DestinationBook {
  readonly #events: DestinationEvents;
  /** By who asked, under the name of the cluster. */
  readonly #asked = new Map<object, Map<string, AskedDestination>>();
  readonly #askers = new Map<DestinationKey, number>();

  constructor(events: DestinationEvents) {
    this.#events = events;
  }

  /** `asker` stands for a stream. Answers with what it had not asked for before, and may have. */
  ask(asker: object, clusters: readonly string[]): readonly ResourceId[] {
    const asked = this.#asked.get(asker) ?? new Map<string, AskedDestination>();
    const news: ResourceId[] = [];
    for (const name of clusters) {
      const destination = asked.has(name) || asked.size >= MAX_DESTINATIONS ? undefined : askedDestination(name);
      if (destination === undefined) continue;
      asked.set(name, destination);
      news.push({ kind: "cluster", name });
      this.#count(destination, 1);
    }
    if (asked.size > 0) this.#asked.set(asker, asked);
    return news;
  }

  /** The stream has ended. Answers with what it had asked for. */
  forget(asker: object): readonly ResourceId[] {
    const asked = this.#asked.get(asker) ?? new Map<string, AskedDestination>();
    this.#asked.delete(asker);
    for (const destination of asked.values()) this.#count(destination, -1);
    return [...asked.keys()].map((name) => ({ kind: "cluster", name }));
  }

  #count(destination: AskedDestination, change: 1 | -1): void {
    const { key } = destination;
    const before = this.#askers.get(key) ?? 0;
    if (before + change === 0) this.#askers.delete(key);
    else this.#askers.set(key, before + change);
    if (before === 0) this.#events.asked(destination);
    else if (before + change === 0) this.#events.forgotten(destination);
  }
}
