/**
 * Versions that a wanted state once had and has no more: the newest few thousand. With them one can tell a proxy that is
 * behind from one that has seen what is not known here.
 */
import type { ResourceRecord } from "./resource.ts";

const MOST = 4_096;

export class PastVersions {
  /** In the order in which they became past. */
  readonly #keys = new Set<string>();

  add({ kind, name, version, at = {} }: Pick<ResourceRecord, "kind" | "name" | "version" | "at">): void {
    for (const one of [version, ...Object.values(at).map((own) => own.version)]) this.#add(keyOf(kind, name, one));
  }

  #add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= MOST) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  has(kind: ResourceRecord["kind"], name: string, version: string): boolean {
    return this.#keys.has(keyOf(kind, name, version));
  }
}

const keyOf = (kind: string, name: string, version: string): string => `${kind} ${name} ${version}`;
