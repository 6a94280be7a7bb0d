/**
 * Counts how often clusters are referred to by the versions that a proxy has, or was sent. A version whose content is
 * unknown may refer to any cluster: as long as there is one, every cluster counts as used.
 */
import type { ResourceRecord } from "./resource.ts";

export class ClusterUse {
  readonly #counts = new Map<string, number>();
  #unknown = 0;

  has(cluster: string): boolean {
    return this.#unknown > 0 || this.#counts.has(cluster);
  }

  retain(record: ResourceRecord | undefined): void {
    if (!record) {
      this.#unknown += 1;
      return;
    }
    for (const { kind, name } of record.needs) {
      if (kind === "cluster") this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    }
  }

  /** Takes back one `retain`. Returns the clusters that this freed, or "any" when the last unknown version went. */
  release(record: ResourceRecord | undefined): readonly string[] | "any" {
    if (!record) {
      this.#unknown -= 1;
      return this.#unknown === 0 ? "any" : [];
    }
    const freed: string[] = [];
    for (const { kind, name } of record.needs) {
      if (kind !== "cluster") continue;
      const count = (this.#counts.get(name) ?? 0) - 1;
      if (count > 0) this.#counts.set(name, count);
      else {
        this.#counts.delete(name);
        freed.push(name);
      }
    }
    return freed;
  }
}
