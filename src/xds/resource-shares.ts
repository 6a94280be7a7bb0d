/**
 * Which proxy gets which resource, where several share one set of records: what is for it, and all that such a resource needs,
 * directly or through others. Steps of the whole go in; the step of each proxy that it changes comes out.
 *
 * A record is for proxies that it names, or for an audience: a name for many proxies, which say when they join whose audiences they
 * are. One name can have a record for each of several audiences, and a proxy gets the one for its narrowest.
 *
 * How often a proxy's resources ask for a resource is counted; it has those that are asked for at least once. Needs have no
 * circles, so nothing keeps itself alive.
 */
import type { ResourceBatch, ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";

/** A record that says who gets it. */
export interface SharedRecord extends ResourceRecord {
  /** Those that get it unasked. */
  readonly proxies?: readonly string[];
  /** Nobody else is given this record; absent: whoever has something that needs it. */
  readonly audience?: string;
  /** All of the audience get it unasked. */
  readonly unasked?: true;
}

export interface SharedId extends ResourceId {
  readonly audience?: string;
}

export interface SharedBatch {
  readonly upserts: readonly SharedRecord[];
  readonly removals: readonly SharedId[];
}

/** `<kind>/<name>` */
type Key = string;
/** The audience of records that are for everybody. */
const EVERYBODY = "";

const keyOf = ({ kind, name }: ResourceId): Key => `${kind}/${name}`;

export class ResourceShares {
  /** By audience. */
  readonly #records = new Map<Key, Map<string, SharedRecord>>();
  /** The audiences of each proxy that has joined, the narrowest first. */
  readonly #audiences = new Map<string, readonly string[]>();
  /** What each audience gets unasked. */
  readonly #unasked = new Map<string, Set<Key>>();
  /** For each proxy, how many of its resources, and of its own claims, ask for a resource. */
  readonly #uses = new Map<string, Map<Key, number>>();

  /**
   * From now on the proxy gets what is for these audiences, the narrowest first: its step. A proxy that has not joined gets nothing
   * unasked but what names it; what it needs may be for it alone.
   */
  join(proxy: string, audiences: readonly string[]): ResourceBatch {
    const touched = new Map<string, Set<Key>>();
    // It can have been named, and so have things that need others, before it joins.
    const had = [...(this.#uses.get(proxy)?.keys() ?? [])].map((key) => [key, this.#recordFor(proxy, key)] as const);
    this.#audiences.set(proxy, audiences);
    for (const [key, record] of had) this.#exchange(proxy, key, record, touched);
    for (const audience of audiences)
      for (const key of this.#unasked.get(audience) ?? []) this.#use(proxy, key, 1, touched);
    return this.#batchOf(proxy, touched.get(proxy) ?? []);
  }

  /** From now on the proxy has this resource, if it is for it, and what it needs; asked for several times, it counts as often: its step. */
  ask(proxy: string, ids: readonly ResourceId[]): ResourceBatch {
    return this.#changeUses(proxy, ids, 1);
  }

  /** Takes back one `ask`. */
  release(proxy: string, ids: readonly ResourceId[]): ResourceBatch {
    return this.#changeUses(proxy, ids, -1);
  }

  /** The step of each proxy; those that it leaves as they were are not in it. */
  apply({ upserts, removals }: SharedBatch): ReadonlyMap<string, ResourceBatch> {
    const touched = new Map<string, Set<Key>>();
    for (const id of removals) this.#replace(keyOf(id), id.audience, undefined, touched);
    for (const record of upserts) this.#replace(keyOf(record), record.audience, record, touched);
    return new Map([...touched].map(([proxy, keys]) => [proxy, this.#batchOf(proxy, keys)]));
  }

  /**
   * Whether there is such a resource and the proxy has nothing to do with it. What each audience has a record of its own for is nobody's
   * in particular: a proxy may ask for its own before there is one.
   */
  isOfOthers(proxy: string, id: ResourceId): boolean {
    const key = keyOf(id);
    return this.#records.get(key)?.has(EVERYBODY) === true && this.#uses.get(proxy)?.has(key) !== true;
  }

  /** The proxies that get a resource, or would if it existed. */
  proxiesOf(id: ResourceId): readonly string[] {
    const key = keyOf(id);
    return [...this.#uses].flatMap(([proxy, uses]) => (uses.has(key) ? [proxy] : []));
  }

  #changeUses(proxy: string, ids: readonly ResourceId[], change: 1 | -1): ResourceBatch {
    const touched = new Map<string, Set<Key>>();
    for (const id of ids) this.#use(proxy, keyOf(id), change, touched);
    return this.#batchOf(proxy, touched.get(proxy) ?? []);
  }

  /** What a new record asks for is counted before what the old one no longer does, so that what both need stays. */
  #replace(
    key: Key,
    audience: string = EVERYBODY,
    after: SharedRecord | undefined,
    touched: Map<string, Set<Key>>,
  ): void {
    const before = this.#records.get(key)?.get(audience);
    const users = [...this.#uses].flatMap(([proxy, uses]) =>
      uses.has(key) ? [{ proxy, had: this.#recordFor(proxy, key) }] : [],
    );
    this.#store(key, audience, after);
    for (const { proxy, had } of users) this.#exchange(proxy, key, had, touched);
    for (const proxy of this.#claimantsOf(after)) this.#use(proxy, key, 1, touched);
    for (const proxy of this.#claimantsOf(before)) this.#use(proxy, key, -1, touched);
  }

  /** The proxy uses the resource, and had this record of it. */
  #exchange(proxy: string, key: Key, had: SharedRecord | undefined, touched: Map<string, Set<Key>>): void {
    const has = this.#recordFor(proxy, key);
    if (has === had) return;
    touch(touched, proxy, key);
    for (const need of has?.needs ?? []) this.#use(proxy, keyOf(need), 1, touched);
    for (const need of had?.needs ?? []) this.#use(proxy, keyOf(need), -1, touched);
  }

  #store(key: Key, audience: string, record: SharedRecord | undefined): void {
    const records = this.#records.get(key) ?? new Map<string, SharedRecord>();
    if (record) records.set(audience, record);
    else records.delete(audience);
    if (records.size === 0) this.#records.delete(key);
    else this.#records.set(key, records);
    const unasked = this.#unasked.get(audience) ?? new Set<Key>();
    if (record?.unasked) unasked.add(key);
    else unasked.delete(key);
    if (unasked.size === 0) this.#unasked.delete(audience);
    else this.#unasked.set(audience, unasked);
  }

  /** Those who get the record unasked. */
  #claimantsOf(record: SharedRecord | undefined): readonly string[] {
    const { proxies = [], audience, unasked } = record ?? {};
    if (audience === undefined || !unasked) return proxies;
    const joined = [...this.#audiences].flatMap(([proxy, audiences]) => (audiences.includes(audience) ? [proxy] : []));
    return [...proxies, ...joined];
  }

  #recordFor(proxy: string, key: Key): SharedRecord | undefined {
    const records = this.#records.get(key);
    if (records === undefined) return undefined;
    for (const audience of this.#audiences.get(proxy) ?? [proxy]) {
      const record = records.get(audience);
      if (record) return record;
    }
    return records.get(EVERYBODY);
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
    for (const need of this.#recordFor(proxy, key)?.needs ?? []) this.#use(proxy, keyOf(need), change, touched);
  }

  #batchOf(proxy: string, keys: Iterable<Key>): ResourceBatch {
    const upserts: ResourceRecord[] = [];
    const removals: ResourceId[] = [];
    for (const key of keys) {
      const record = this.#uses.get(proxy)?.has(key) ? this.#recordFor(proxy, key) : undefined;
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
