/**
 * Looks after clusters that are ready only when an endpoint has passed its health check: Envoy tells nobody, so it is asked again and again
 * until one has, and the session is told. Routes wait for that, within the session's bound; what has not become healthy is kept being
 * asked about, and told to whoever wants to know.
 *
 * Only for an Envoy whose admin API can be reached: the one of a standalone run.
 */
import type { ProxyConnection } from "../transport/index.ts";
import type { Fact, WarmingFact } from "../xds/index.ts";

export interface HealthWatchOptions {
  /** Of these clusters, the version that serves of those that are healthy. May fail, as while Envoy starts. */
  readonly healthyVersions: (clusters: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** These clusters began to be waited for, or are no longer. */
  readonly changed: (clusters: readonly string[]) => void;
  /** How long to wait between two looks. Default: 50 ms, growing to a second while nothing changes. */
  readonly intervalMs?: number;
}

interface Awaited {
  readonly connection: ProxyConnection;
  readonly version: string;
}

const INTERVAL_MS = 50;
const MAX_INTERVAL_MS = 1_000;

export class HealthWatch implements Disposable {
  readonly #options: HealthWatchOptions;
  readonly #awaited = new Map<string, Awaited>();
  #timer: NodeJS.Timeout | undefined;
  #intervalMs: number;
  #isOver = false;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#intervalMs = this.#leastMs;
  }

  /** Whether the wanted version of the cluster has no healthy endpoint yet. */
  isAwaited(cluster: string): boolean {
    return this.#awaited.has(cluster);
  }

  /** Clusters without a healthy endpoint. */
  awaited(): readonly string[] {
    return [...this.#awaited.keys()];
  }

  take(connection: ProxyConnection, facts: readonly WarmingFact[]): void {
    for (const { id, version } of facts) this.#awaited.set(id.name, { connection, version });
    this.#intervalMs = this.#leastMs;
    this.#schedule();
    this.#options.changed(facts.map(({ id }) => id.name));
  }

  /** Clusters that Envoy has no longer are not waited for. */
  forgetRemoved(facts: readonly Fact[]): void {
    const removed = facts.filter(({ kind, id }) => kind === "removed" && id.kind === "cluster");
    this.#settle(removed.map(({ id }) => id.name));
  }

  forget(connection: ProxyConnection): void {
    this.#settle([...this.#awaited].flatMap(([name, awaited]) => (awaited.connection === connection ? name : [])));
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  get #leastMs(): number {
    return this.#options.intervalMs ?? INTERVAL_MS;
  }

  #settle(clusters: readonly string[]): void {
    const settled = clusters.filter((name) => this.#awaited.delete(name));
    if (settled.length > 0) this.#options.changed(settled);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#awaited.size === 0) return;
    this.#timer = setTimeout(() => void this.#look(), this.#intervalMs);
  }

  async #look(): Promise<void> {
    this.#intervalMs = Math.min(this.#intervalMs * 1.5, MAX_INTERVAL_MS);
    // An Envoy that cannot be asked is starting or ending; its clusters are asked about again.
    const healthy = await this.#options.healthyVersions(this.awaited()).catch(() => new Map<string, string>());
    if (this.#isOver) return;
    const passed = [...this.#awaited].filter(([name, { version }]) => healthy.get(name) === version);
    for (const [name] of passed) this.#awaited.delete(name);
    for (const [name, { connection, version }] of passed) connection.warmed(name, version);
    if (passed.length > 0) this.#options.changed(passed.map(([name]) => name));
    this.#schedule();
  }
}
