/**
 * Which proxy gets which resource, where several share one set of records: what names the proxy, and all that such a
 * resource needs, directly or through others. Steps of the whole go in; the step of each proxy that it changes comes out.
 *
 * How often a proxy's resources ask for a resource is counted; it has those that are asked for at least once. Needs have no
 * circles, so nothing keeps itself alive.
 */
import type { ResourceBatch, ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";

/** A record that says who gets it. */
export interface SharedRecord extends ResourceRecord {
  /** Absent: whoever has something that needs it. */
  readonly proxies?: readonly string[];
}

export interface SharedBatch {
  readonly upserts: readonly SharedRecord[];
  readonly removals: readonly ResourceId[];
}

/** `<kind>/<name>` */
type Key = string;

const keyOf = ({ kind, name }: ResourceId): Key => `${kind}/${name}`;

export class ResourceShares {
  readonly #records = new Map<Key, SharedRecord>();
  /** For each proxy, how many of its resources, and of its own claims, ask for a resource. */
  readonly #uses = new Map<string, Map<Key, number>>();

  /** The step of each proxy; those that it leaves as they were are not in it. */
  apply({ upserts, removals }: SharedBatch): ReadonlyMap<string, ResourceBatch> {
    const touched = new Map<string, Set<Key>>();
    for (const id of removals) this.#replace(keyOf(id), undefined, touched);
    for (const record of upserts) this.#replace(keyOf(record), record, touched);
    return new Map([...touched].map(([proxy, keys]) => [proxy, this.#batchOf(proxy, keys)]));
  }

  /** The proxies that get a resource, or would if it existed. */
  proxiesOf(id: ResourceId): readonly string[] {
    const key = keyOf(id);
    return [...this.#uses].flatMap(([proxy, uses]) => (uses.has(key) ? [proxy] : []));
  }

  /** What a new record asks for is counted before what the old one no longer does, so that what both need stays. */
  #replace(key: Key, after: SharedRecord | undefined, touched: Map<string, Set<Key>>): void {
    const before = this.#records.get(key);
    if (after) this.#records.set(key, after);
    else this.#records.delete(key);
    for (const [proxy, uses] of this.#uses) {
      if (!uses.has(key)) continue;
      touch(touched, proxy, key);
      for (const need of after?.needs ?? []) this.#use(proxy, keyOf(need), 1, touched);
      for (const need of before?.needs ?? []) this.#use(proxy, keyOf(need), -1, touched);
    }
    for (const proxy of after?.proxies ?? []) this.#use(proxy, key, 1, touched);
    for (const proxy of before?.proxies ?? []) this.#use(proxy, key, -1, touched);
  }

  #use(proxy: string, key: Key, change: 1 | -1, touched: Map<string, Set<Key>>): void {
    const uses = this.#uses.get(proxy) ?? new Map<Key, number>();
    const count = (uses.get(key) ?? 0) + change;
    if (count === 0) uses.delete(key);
    else uses.set(key, count);
    if (uses.size === 0) this.#uses.delete(proxy);
    else this.#uses.set(proxy, uses);
    if (count !== (change === 1 ? 1 : 0)) return;
    touch(touched, proxy, key);
    for (const need of this.#records.get(key)?.needs ?? []) this.#use(proxy, keyOf(need), change, touched);
  }

  #batchOf(proxy: string, keys: Iterable<Key>): ResourceBatch {
    const upserts: ResourceRecord[] = [];
    const removals: ResourceId[] = [];
    for (const key of keys) {
      const record = this.#uses.get(proxy)?.has(key) ? this.#records.get(key) : undefined;
      if (record) upserts.push(record);
      else removals.push(idOf(key));
    }
    return { upserts, removals };
  }
}

function touch(touched: Map<string, Set<Key>>, proxy: string, key: Key): void {
  const keys = touched.get(proxy);
  if (keys) keys.add(key);
  else touched.set(proxy, new Set([key]));
}

function idOf(key: Key): ResourceId {
  const slash = key.indexOf("/");
  return { kind: key.slice(0, slash) as ResourceKind, name: key.slice(slash + 1) };
}
