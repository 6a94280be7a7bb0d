/**
 * The wanted state as a proxy sees it that runs somewhere: of a record that has other versions for some places, the one for the first of its own
 * places, the nearest, or what everybody else has.
 */
import type { ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";
import type { ResourceSet } from "./resource-set.ts";

/** What a session reads of the wanted state. */
export type WantedResources = Pick<
  ResourceSet,
  "complete" | "get" | "had" | "hasArrivedAfter" | "namesOf" | "hostsOf" | "clustersOf"
>;

export const resourcesAt = (places: readonly string[], resources: WantedResources): WantedResources =>
  places.length === 0 ? resources : new PlacedResources(places, resources);

class PlacedResources implements WantedResources {
  readonly #places: readonly string[];
  readonly #all: WantedResources;
  /** The same record is the same again. */
  readonly #placed = new WeakMap<ResourceRecord, ResourceRecord>();

  constructor(places: readonly string[], all: WantedResources) {
    this.#places = places;
    this.#all = all;
  }

  get complete(): boolean {
    return this.#all.complete;
  }

  get(kind: ResourceKind, name: string): ResourceRecord | undefined {
    const record = this.#all.get(kind, name);
    if (record?.at === undefined) return record;
    const known = this.#placed.get(record);
    if (known) return known;
    const placed = this.#placedOf(record, record.at);
    this.#placed.set(record, placed);
    return placed;
  }

  had(kind: ResourceKind, name: string, version: string): boolean {
    return this.#all.had(kind, name, version);
  }

  hasArrivedAfter(kind: ResourceKind, name: string, time: number): boolean {
    return this.#all.hasArrivedAfter(kind, name, time);
  }

  namesOf(kind: ResourceKind): IterableIterator<string> {
    return this.#all.namesOf(kind);
  }

  hostsOf(routeTable: string): ReadonlySet<string> {
    return this.#all.hostsOf(routeTable);
  }

  clustersOf(endpoints: ResourceId["name"]): ReadonlySet<string> {
    return this.#all.clustersOf(endpoints);
  }

  #placedOf(record: ResourceRecord, at: NonNullable<ResourceRecord["at"]>): ResourceRecord {
    const place = this.#places.find((own) => Object.hasOwn(at, own));
    return place === undefined ? record : { ...record, ...at[place] };
  }
}
