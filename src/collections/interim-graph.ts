/**
 * Incremental keyed collections: sources hold facts, derived collections hold the result of a pure
 * function of one input each, and the graph recomputes exactly the inputs whose reads changed.
 *
 * Everything is synchronous. A batch runs every affected collection once, in rank order, so no
 * subscriber ever sees a state that mixes old and new inputs.
 */

export interface Change<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export interface Collection<out T> {
  readonly name: string;
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
}

export interface Source<T> extends Collection<T> {
  set(value: T): void;
  delete(key: string): void;
}

export interface Index<out T> {
  readonly of: Collection<T>;
  lookup(token: string): readonly T[];
}

export interface Group<out T> { readonly key: string; readonly members: readonly T[] }

/** Reads other collections and records each read. Only valid during the call it is given to. */
export interface Reader {
  get<T>(from: Collection<T>, key: string): T | undefined;
  /** Like get, but the input is recomputed only when the projection changes. */
  pick<T, P>(from: Collection<T>, key: string, project: (value: T | undefined) => P): P;
  by<T>(index: Index<T>, token: string): readonly T[];
  all<T>(from: Collection<T>): readonly T[];
}

export interface Shape<T> {
  readonly name: string;
  key(value: T): string;
  equals?(a: T, b: T): boolean;
}

export interface Derivation<I, O> extends Shape<O> {
  readonly from: Collection<I>;
  /** Every collection that map may read. Declared, so that the graph is acyclic and can be drawn. */
  readonly reads?: readonly Collection<unknown>[];
  map(input: I, read: Reader): Iterable<O>;
}

interface Read {
  readonly token: string;
  /** Tells whether the value behind the token still looks the same to the reader. */
  readonly unchanged?: (after: unknown) => boolean;
}

class Store<T> implements Collection<T> {
  readonly items = new Map<string, T>();
  readonly indexes: { readonly id: string; readonly by: (value: T) => readonly string[]; readonly rows: Map<string, Map<string, T>> }[] = [];
  readonly readers = new Set<Node>();
  readonly subscribers = new Set<(changes: readonly Change<T>[]) => void>();
  pending = new Map<string, Change<T>>();
  readonly shape: Shape<T>;
  readonly rank: number;

  constructor(shape: Shape<T>, rank: number) {
    this.shape = shape;
    this.rank = rank;
  }
  get name(): string { return this.shape.name; }
  get(key: string): T | undefined { return this.items.get(key); }
  values(): IterableIterator<T> { return this.items.values(); }

  /** Stores a value, or removes it when undefined; returns false when nothing changed. */
  write(key: string, after: T | undefined): boolean {
    const before = this.items.get(key);
    if (before === after || (before !== undefined && after !== undefined && (this.shape.equals ?? deepEqual)(before, after))) return false;
    if (after === undefined) this.items.delete(key);
    else this.items.set(key, after);
    for (const { by, rows } of this.indexes) {
      for (const token of before === undefined ? [] : by(before)) {
        const row = rows.get(token);
        row?.delete(key);
        if (row?.size === 0) rows.delete(token);
      }
      for (const token of after === undefined ? [] : by(after)) {
        const row = rows.get(token) ?? new Map<string, T>();
        rows.set(token, row.set(key, after as T));
      }
    }
    const first = this.pending.get(key);
    this.pending.set(key, { key, before: first ? first.before : before, after });
    return true;
  }
}

interface Node {
  readonly rank: number;
  readonly store: Store<any>;
  onChanges(of: Store<any>, changes: readonly Change<any>[]): void;
  run(): void;
}

export class Graph {
  readonly #nodes: Node[] = [];
  readonly #stores: Store<any>[] = [];
  #depth = 0;
  #telling = false;
  #indexes = 0;
  /** Inputs whose derivation threw, by "collection/input key"; their last outputs stay. */
  readonly failures = new Map<string, unknown>();
  recomputed = 0;

  source<T>(shape: Shape<T>): Source<T> {
    const store = this.#add(new Store(shape, 0));
    return Object.assign(store, {
      set: (value: T) => this.batch(() => store.write(shape.key(value), value)),
      delete: (key: string) => this.batch(() => store.write(key, undefined)),
    });
  }

  derive<I, O>(d: Derivation<I, O>): Collection<O> {
    const from = d.from as Store<I>;
    const reads = (d.reads ?? []).map((c) => c as Store<unknown>);
    const store = this.#add(new Store<O>(d, 1 + Math.max(from.rank, ...reads.map((r) => r.rank))));
    const outputs = new Map<string, Set<string>>();
    const owner = new Map<string, string>();
    const readsOf = new Map<string, readonly Read[]>();
    const readersOf = new Map<string, Set<string>>();
    const dirty = new Set<string>(from.items.keys());

    const setReads = (input: string, next: readonly Read[]): void => {
      for (const { token } of readsOf.get(input) ?? []) {
        const set = readersOf.get(token);
        set?.delete(input);
        if (set?.size === 0) readersOf.delete(token);
      }
      if (next.length === 0) readsOf.delete(input);
      else readsOf.set(input, next);
      for (const { token } of next) readersOf.set(token, (readersOf.get(token) ?? new Set()).add(input));
    };
    const check = (c: Collection<unknown>): Store<any> => {
      if (!reads.includes(c as Store<unknown>)) throw new Error(`${d.name} reads ${c.name} but does not declare it`);
      return c as Store<any>;
    };
    const compute = (input: string): void => {
      this.recomputed++;
      const value = from.items.get(input);
      const tracked: Read[] = [];
      const next = new Map<string, O>();
      if (value !== undefined) {
        const read: Reader = {
          get: (c, key) => (check(c), tracked.push({ token: `${c.name}#${key}` }), c.get(key)),
          pick: (c, key, project) => {
            check(c);
            const seen = project(c.get(key));
            tracked.push({ token: `${c.name}#${key}`, unchanged: (after) => deepEqual(project(after as never), seen) });
            return seen;
          },
          by: (index, token) => (check(index.of), tracked.push({ token: `${(index as unknown as { id: string }).id}=${token}` }), index.lookup(token)),
          all: (c) => (check(c), tracked.push({ token: `${c.name}*` }), [...c.values()]),
        };
        try {
          for (const o of d.map(value, read)) {
            const key = d.key(o);
            const other = owner.get(key);
            if (next.has(key) || (other !== undefined && other !== input && !dirty.has(other)))
              throw new Error(`${d.name}: ${other ?? input} and ${input} both produce ${key}`);
            next.set(key, o);
          }
          this.failures.delete(`${d.name}/${input}`);
        } catch (error) {
          // What was read so far is kept: a change of it is what can repair this input.
          setReads(input, tracked);
          this.failures.set(`${d.name}/${input}`, error);
          return;
        }
      } else this.failures.delete(`${d.name}/${input}`);
      setReads(input, tracked);
      for (const key of outputs.get(input) ?? []) if (!next.has(key) && owner.get(key) === input) { owner.delete(key); store.write(key, undefined); }
      for (const [key, o] of next) { owner.set(key, input); store.write(key, o); }
      if (next.size === 0) outputs.delete(input);
      else outputs.set(input, new Set(next.keys()));
    };
    const node: Node = {
      rank: store.rank,
      store,
      onChanges: (of, changes) => {
        for (const c of changes) {
          if (of === from) dirty.add(c.key);
          const mark = (token: string): void => {
            for (const input of readersOf.get(token) ?? []) {
              const relevant = readsOf.get(input)!.some((r) => r.token === token && !r.unchanged?.(c.after));
              if (relevant) dirty.add(input);
            }
          };
          mark(`${of.name}#${c.key}`);
          mark(`${of.name}*`);
          for (const { id, by } of of.indexes)
            for (const token of new Set([...(c.before ? by(c.before) : []), ...(c.after ? by(c.after) : [])])) mark(`${id}=${token}`);
        }
      },
      run: () => {
        for (const input of [...dirty]) { dirty.delete(input); compute(input); }
      },
    };
    this.#nodes.push(node);
    this.#nodes.sort((a, b) => a.rank - b.rank);
    for (const s of new Set<Store<any>>([from, ...reads])) s.readers.add(node);
    this.batch(() => node.run());
    return store;
  }

  /** One input, some outputs and one status about the input: two collections, no side effects. */
  deriveWithStatus<I, O, S>(d: Omit<Derivation<I, O>, "map"> & { readonly inputKey: (input: I) => string; map(input: I, read: Reader): { readonly outputs: Iterable<O>; readonly status: S } }): { readonly outputs: Collection<O>; readonly statuses: Collection<{ readonly key: string; readonly status: S }> } {
    const both = this.derive<I, { key: string; outputs: readonly O[]; status: S }>({
      name: `${d.name}/both`, key: (b) => b.key, from: d.from, ...(d.reads && { reads: d.reads }),
      map: (input, read) => { const r = d.map(input, read); return [{ key: d.inputKey(input), outputs: [...r.outputs], status: r.status }]; },
    });
    return {
      outputs: this.derive<{ outputs: readonly O[] }, O>({ name: d.name, key: d.key, ...(d.equals && { equals: d.equals }), from: both, map: (b) => b.outputs }),
      statuses: this.derive({ name: `${d.name}/status`, key: (s: { key: string; status: S }) => s.key, from: both, map: (b) => [{ key: b.key, status: b.status }] }),
    };
  }

  groups<T>({ name, of, by }: { readonly name: string; readonly of: Collection<T>; readonly by: (value: T) => readonly string[] }): Collection<Group<T>> {
    const from = of as Store<T>;
    const rows = new Map<string, Map<string, T>>();
    const store = this.#add(new Store<Group<T>>({ name, key: (g) => g.key, equals: Object.is }, from.rank + 1));
    const touched = new Set<string>();
    const node: Node = {
      rank: store.rank,
      store,
      onChanges: (_, changes) => {
        for (const c of changes) {
          for (const t of c.before === undefined ? [] : by(c.before)) { rows.get(t)?.delete(c.key); touched.add(t); }
          for (const t of c.after === undefined ? [] : by(c.after)) { const row = rows.get(t) ?? new Map<string, T>(); rows.set(t, row.set(c.key, c.after)); touched.add(t); }
        }
      },
      run: () => {
        for (const t of touched) {
          const row = rows.get(t);
          if (row === undefined || row.size === 0) { rows.delete(t); store.write(t, undefined); }
          else store.write(t, { key: t, members: [...row.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, v]) => v) });
        }
        touched.clear();
      },
    };
    this.#nodes.push(node);
    this.#nodes.sort((a, b) => a.rank - b.rank);
    from.readers.add(node);
    node.onChanges(from, [...from.items].map(([key, after]) => ({ key, before: undefined, after })));
    this.batch(() => node.run());
    return store;
  }

  union<T>({ name, of }: { readonly name: string; readonly of: readonly Collection<T>[] }): Collection<T> {
    const stores = of.map((c) => c as Store<T>);
    const store = this.#add(new Store<T>({ name, key: () => "", equals: Object.is }, 1 + Math.max(...stores.map((s) => s.rank))));
    const waiting: Change<T>[] = [];
    const node: Node = {
      rank: store.rank,
      store,
      onChanges: (_, changes) => void waiting.push(...changes),
      run: () => { for (const c of waiting.splice(0)) store.write(c.key, c.after); },
    };
    this.#nodes.push(node);
    this.#nodes.sort((a, b) => a.rank - b.rank);
    for (const s of stores) { s.readers.add(node); waiting.push(...[...s.items].map(([key, after]) => ({ key, before: undefined, after }))); }
    this.batch(() => node.run());
    return store;
  }

  index<T>(of: Collection<T>, _name: string, by: (value: T) => readonly string[]): Index<T> {
    const store = of as Store<T>;
    const id = `${of.name}@${this.#indexes++}`;
    const rows = new Map<string, Map<string, T>>();
    for (const [key, v] of store.items) for (const t of by(v)) rows.set(t, (rows.get(t) ?? new Map<string, T>()).set(key, v));
    store.indexes.push({ id, by, rows });
    return Object.freeze({ of, id, lookup: (token: string) => [...(rows.get(token)?.values() ?? [])] });
  }

  subscribe<T>(to: Collection<T>, fn: (changes: readonly Change<T>[]) => void): Disposable {
    const { subscribers } = to as Store<T>;
    subscribers.add(fn);
    return { [Symbol.dispose]: () => { subscribers.delete(fn); } };
  }

  /** Runs fn, then brings every collection up to date once, then tells the subscribers. */
  batch(fn: () => void): void {
    if (this.#telling) throw new Error("a subscriber may not write while it is being told; defer the write");
    this.#depth++;
    try { fn(); } finally {
      try { if (this.#depth === 1) this.#settle(); } finally { this.#depth--; }
    }
  }

  #settle(): void {
    const told: (() => void)[] = [];
    const flush = (s: Store<any>): void => {
      if (s.pending.size === 0) return;
      const changes = [...s.pending.values()].filter((c) => c.before !== c.after);
      s.pending = new Map();
      for (const r of s.readers) r.onChanges(s, changes);
      for (const fn of s.subscribers) told.push(() => fn(changes));
    };
    for (const s of this.#stores) if (s.rank === 0) flush(s);
    for (const n of this.#nodes) { n.run(); flush(n.store); }
    const errors: unknown[] = [];
    this.#telling = true;
    for (const tell of told) try { tell(); } catch (error) { errors.push(error); }
    this.#telling = false;
    if (errors.length > 0) throw new AggregateError(errors, "subscribers failed");
  }

  #add<T>(store: Store<T>): Store<T> {
    if (this.#stores.some((s) => s.name === store.name)) throw new Error(`two collections are named ${store.name}`);
    this.#stores.push(store);
    return store;
  }
}

export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const ka = Object.keys(a);
  return ka.length === Object.keys(b).length && ka.every((k) => Object.hasOwn(b, k) && deepEqual((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]));
}
