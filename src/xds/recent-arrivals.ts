/** When resources came into a wanted state: of the newest few thousand. */
import type { ResourceId } from "./resource.ts";

const MOST = 4_096;

export class RecentArrivals {
  /** In the order in which they came. */
  readonly #times = new Map<string, number>();

  add(id: ResourceId, at: number): void {
    const key = keyOf(id);
    this.#times.delete(key);
    this.#times.set(key, at);
    if (this.#times.size <= MOST) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      return;
    }
  }

  /** Undefined where it came long ago. */
  timeOf(id: ResourceId): number | undefined {
    return this.#times.get(keyOf(id));
  }
}

const keyOf = ({ kind, name }: ResourceId): string => `${kind} ${name}`;
