/**
 * Keeps a session silent while the proxy has something that was never wanted here: another server, which knew of a change
 * earlier, gave it to the proxy, and whatever was said now might be older than what it has. The silence ends when all of
 * that was wanted here once, or after a bounded time: then it is from a time that nobody remembers.
 */
import type { ResourceId, ResourceKind } from "./resource.ts";
import type { ResourceSet } from "./resource-set.ts";

interface Reported extends ResourceId {
  /** As it was sent: see `wireVersionOf`. */
  readonly wire: string;
}

export class CatchUp {
  readonly #resources: ResourceSet;
  readonly #maxMs: number;
  #unknown: Reported[] = [];
  #since: number | undefined;

  constructor(resources: ResourceSet, maxMs: number) {
    this.#resources = resources;
    this.#maxMs = maxMs;
  }

  /** The proxy says what it has; the wanted state must be complete. */
  note(kind: ResourceKind, versions: Readonly<Record<string, string>>, now: number): void {
    if (this.#maxMs === 0) return;
    const unknown = Object.entries(versions)
      .map(([name, wire]): Reported => ({ kind, name, wire }))
      .filter((reported) => !this.#isKnown(reported));
    if (unknown.length === 0) return;
    this.#since ??= now;
    this.#unknown.push(...unknown);
  }

  /** Whether the session is to keep silent. */
  isBehind(now: number): boolean {
    if (this.#unknown.length === 0) return false;
    this.#unknown = now < (this.deadline() ?? 0) ? this.#unknown.filter((reported) => !this.#isKnown(reported)) : [];
    return this.#unknown.length > 0;
  }

  /** When the silence ends at the latest. */
  deadline(): number | undefined {
    return this.#unknown.length === 0 || this.#since === undefined ? undefined : this.#since + this.#maxMs;
  }

  #isKnown({ kind, name, wire }: Reported): boolean {
    const version = kind === "endpoints" ? wire.slice(0, Math.max(wire.indexOf("@"), 0)) : wire;
    return this.#resources.get(kind, name)?.version === version || this.#resources.had(kind, name, version);
  }
}
