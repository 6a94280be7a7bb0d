/**
 * The wanted state of a group of proxies: the newest record of every resource, shared by all their sessions. Of what was
 * before, it remembers the versions only, of what is new, when it came; and it knows no proxy. A batch goes in at once; the ids that really changed come out and are handed to the
 * sessions. It also keeps the two indexes by which sessions find what belongs together.
 */
import { PastVersions } from "./past-versions.ts";
import { RecentArrivals } from "./recent-arrivals.ts";
import { forEachKind, routeTableOf } from "./resource.ts";
import type { ResourceBatch, ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";

const none: ReadonlySet<string> = new Set();

/** For whichever place. */
function isSame({ version, at = {} }: ResourceRecord, other: ResourceRecord): boolean {
  const [places, others] = [Object.entries(at), other.at ?? {}];
  return (
    version === other.version &&
    places.length === Object.keys(others).length &&
    places.every(([place, own]) => own.version === others[place]?.version)
  );
}

export class ResourceSet {
  readonly #records: Record<ResourceKind, Map<string, ResourceRecord>> = forEachKind(() => new Map());
  readonly #hostsByTable = new Map<string, Set<string>>();
  readonly #clustersByEndpoints = new Map<string, Set<string>>();
  readonly #past = new PastVersions();
  readonly #arrivals = new RecentArrivals();
  #complete = false;

  /** Whether the first whole state has been applied. Until then no session answers: half a state would remove the rest. */
  get complete(): boolean {
    return this.#complete;
  }

  get(kind: ResourceKind, name: string): ResourceRecord | undefined {
    return this.#records[kind].get(name);
  }

  /** Whether this version was wanted earlier, as far as that is remembered. */
  had(kind: ResourceKind, name: string, version: string): boolean {
    return this.#past.has(kind, name, version);
  }

  /** Whether there was none of this name at that time; false for what was in the first batch, and for what came long ago. */
  hasArrivedAfter(kind: ResourceKind, name: string, time: number): boolean {
    return (this.#arrivals.timeOf({ kind, name }) ?? -Infinity) > time;
  }

  namesOf(kind: ResourceKind): IterableIterator<string> {
    return this.#records[kind].keys();
  }

  /** The virtual hosts of a route table. */
  hostsOf(routeTable: string): ReadonlySet<string> {
    return this.#hostsByTable.get(routeTable) ?? none;
  }

  /** The clusters that take these endpoints. */
  clustersOf(endpoints: string): ReadonlySet<string> {
    return this.#clustersByEndpoints.get(endpoints) ?? none;
  }

  /**
   * Applies one step and returns the ids that changed; a record of the version that is already there changes nothing. The
   * first batch makes the set complete, so it must hold the whole state. `now`: as sessions are told it.
   */
  apply(batch: ResourceBatch, now = 0): readonly ResourceId[] {
    const changed: ResourceId[] = [];
    for (const { kind, name } of batch.removals) {
      const old = this.#records[kind].get(name);
      if (!old) continue;
      this.#unlink(old);
      this.#past.add(old);
      this.#records[kind].delete(name);
      changed.push({ kind, name });
    }
    for (const record of batch.upserts) {
      const old = this.#records[record.kind].get(record.name);
      // Needs may change under equal bytes; only bytes travel, yet the newest needs count.
      if (old) this.#unlink(old);
      this.#records[record.kind].set(record.name, record);
      this.#link(record);
      if (old && isSame(old, record)) continue;
      if (old) this.#past.add(old);
      else if (this.#complete) this.#arrivals.add(record, now);
      changed.push({ kind: record.kind, name: record.name });
    }
    this.#complete = true;
    return changed;
  }

  #link(record: ResourceRecord): void {
    for (const [index, key] of this.#linksOf(record)) {
      const names = index.get(key);
      if (names) names.add(record.name);
      else index.set(key, new Set([record.name]));
    }
  }

  #unlink(record: ResourceRecord): void {
    for (const [index, key] of this.#linksOf(record)) {
      const names = index.get(key);
      names?.delete(record.name);
      if (names?.size === 0) index.delete(key);
    }
  }

  #linksOf(record: ResourceRecord): [Map<string, Set<string>>, string][] {
    if (record.kind === "virtualHost") return [[this.#hostsByTable, routeTableOf(record.name)]];
    if (record.kind !== "cluster") return [];
    return record.needs
      .filter((need) => need.kind === "endpoints")
      .map((need) => [this.#clustersByEndpoints, need.name]);
  }
}
