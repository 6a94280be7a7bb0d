/**
 * Resolves the names that backends need, and keeps them resolved. A name that fails after it once resolved keeps its last
 * addresses, since old addresses that may work are better than none; one that does not resolve in a few attempts says why.
 */
import { lookup } from "node:dns/promises";
import type { Collection, Graph, Source } from "../../collections/index.ts";

export interface ResolvedName {
  readonly key: string;
  readonly addresses: readonly string[];
  readonly error?: string;
}

export type Lookup = (hostname: string) => Promise<readonly string[]>;

export interface NameResolverOptions {
  /** How to look a name up; the system's way by default, which also knows /etc/hosts. */
  readonly lookup?: Lookup;
  /** How long an answer counts, in milliseconds. */
  readonly refreshMs?: number;
}

/** A new name fails only when it failed this often: what leads to it waits that long, instead of answering 503 for a hiccup. */
const FIRST_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 300;

const systemLookup: Lookup = async (hostname) =>
  (await lookup(hostname, { all: true, order: "ipv4first" })).map(({ address }) => address);

export class NameResolver implements Disposable {
  readonly #timers = new Map<string, NodeJS.Timeout | undefined>();
  readonly #facts: Source<ResolvedName>;
  readonly #lookup: Lookup;
  readonly #refreshMs: number;
  readonly #subscription: Disposable;
  #isDisposed = false;

  constructor(
    graph: Graph,
    wanted: Collection<{ readonly key: string }>,
    facts: Source<ResolvedName>,
    options: NameResolverOptions = {},
  ) {
    this.#facts = facts;
    this.#lookup = options.lookup ?? systemLookup;
    this.#refreshMs = options.refreshMs ?? 30_000;
    for (const { key } of wanted.values()) this.#begin(key);
    this.#subscription = graph.subscribe(wanted, (changes) => {
      for (const { key, after } of changes) {
        if (after !== undefined) this.#begin(key);
        else this.#end(key);
      }
    });
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#subscription[Symbol.dispose]();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #begin(name: string): void {
    if (this.#timers.has(name)) return;
    this.#timers.set(name, undefined);
    void this.#resolve(name, 1);
  }

  #end(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    // A subscriber may not write to the graph while it is told of changes.
    queueMicrotask(() => {
      if (!this.#timers.has(name) && !this.#isDisposed) this.#facts.delete(name);
    });
  }

  async #resolve(name: string, attempt: number): Promise<void> {
    const fact = await this.#ask(name);
    if (!this.#timers.has(name)) return;
    const isHasty = fact.error !== undefined && attempt < FIRST_ATTEMPTS && this.#facts.get(name) === undefined;
    if (!isHasty) this.#facts.set(fact);
    const delay = isHasty ? Math.min(this.#refreshMs, FIRST_PAUSE_MS) : this.#pauseAfter(fact);
    this.#timers.set(name, setTimeout(() => void this.#resolve(name, attempt + 1), delay).unref());
  }

  #pauseAfter({ error }: ResolvedName): number {
    // Jitter keeps many names from being asked for at the same moment for ever.
    return (error === undefined ? this.#refreshMs : Math.min(this.#refreshMs, 5_000)) * (0.9 + Math.random() * 0.2);
  }

  async #ask(name: string): Promise<ResolvedName> {
    try {
      return { key: name, addresses: [...new Set(await this.#lookup(name))].sort() };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { key: name, addresses: this.#facts.get(name)?.addresses ?? [], error: message };
    }
  }
}
