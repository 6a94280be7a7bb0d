/**
 * Keeps a session silent while another server seems to know more: whatever was said now might be older than what the proxy has.
 *
 *   it has what was never wanted here      until all of that was wanted here once
 *   it lacks what was wanted here before   until that is wanted no more: somebody took it away. What came here only lately, the proxy
 *   it came from another server            may simply not have been given yet
 *
 * After a bounded time the silence ends in either case: what the proxy has is then from a time that nobody remembers.
 */
import { type ResourceId, type ResourceKind, routeTableOf } from "./resource.ts";
import type { WantedResources } from "./placed-resources.ts";

interface Reported extends ResourceId {
  /** As it was sent: see `wireVersionOf`. */
  readonly wire: string;
}

/** Whatever is wanted for longer has been given to proxies by every server that wants it. */
const NEW_MS = 1_000;

export class CatchUp {
  readonly #resources: WantedResources;
  readonly #maxMs: number;
  #unknown: Reported[] = [];
  #missing: ResourceId[] = [];
  #since: number | undefined;

  constructor(resources: WantedResources, maxMs: number) {
    this.#resources = resources;
    this.#maxMs = maxMs;
  }

  /** The proxy says what it has; the wanted state must be complete. */
  note(kind: ResourceKind, versions: Readonly<Record<string, string>>, now: number): void {
    if (this.#maxMs === 0) return;
    const unknown = Object.entries(versions)
      .map(([name, wire]): Reported => ({ kind, name, wire }))
      .filter((reported) => !this.#isKnown(reported));
    const missing = this.#missingIn(kind, versions, now);
    if (unknown.length + missing.length === 0) return;
    this.#since ??= now;
    this.#unknown.push(...unknown);
    this.#missing.push(...missing);
  }

  /** Whether the session is to keep silent. */
  isBehind(now: number): boolean {
    if (!this.#isWaiting()) return false;
    const isOver = now >= (this.deadline() ?? 0);
    this.#unknown = isOver ? [] : this.#unknown.filter((reported) => !this.#isKnown(reported));
    this.#missing = isOver ? [] : this.#missing.filter(({ kind, name }) => this.#resources.get(kind, name));
    return this.#isWaiting();
  }

  /** When the silence ends at the latest. */
  deadline(): number | undefined {
    return !this.#isWaiting() || this.#since === undefined ? undefined : this.#since + this.#maxMs;
  }

  #isWaiting(): boolean {
    return this.#unknown.length + this.#missing.length > 0;
  }

  /** Of the kinds that a proxy has all of. One that has nothing of a kind has just started, as far as one can tell. */
  #missingIn(kind: ResourceKind, versions: Readonly<Record<string, string>>, now: number): ResourceId[] {
    const names = Object.keys(versions);
    if (names.length === 0) return [];
    return this.#expectedOf(kind, names)
      .filter((name) => !Object.hasOwn(versions, name))
      .filter((name) => !this.#resources.hasArrivedAfter(kind, name, now - NEW_MS))
      .map((name) => ({ kind, name }));
  }

  /** What else there is of the kind: of hosts, those of the tables that the proxy has hosts of. */
  #expectedOf(kind: ResourceKind, names: readonly string[]): readonly string[] {
    if (kind === "cluster" || kind === "listener") return [...this.#resources.namesOf(kind)];
    if (kind !== "virtualHost") return [];
    return [...new Set(names.map(routeTableOf))].flatMap((table) => [...this.#resources.hostsOf(table)]);
  }

  #isKnown({ kind, name, wire }: Reported): boolean {
    const version = kind === "endpoints" ? wire.slice(0, Math.max(wire.indexOf("@"), 0)) : wire;
    return this.#resources.get(kind, name)?.version === version || this.#resources.had(kind, name, version);
  }
}
