/** Objects that wait for their turn to be written: those with news of more weight first, and among equals the first to come. */
import type { ObjectKey } from "../resources/index.ts";
import type { StatusNews } from "./status-difference.ts";

const ORDER: readonly StatusNews[] = ["first", "verdict", "count"];

export class WriteQueue {
  readonly #lines: Readonly<Record<StatusNews, Set<ObjectKey>>> = {
    first: new Set(),
    verdict: new Set(),
    count: new Set(),
  };

  get size(): number {
    return ORDER.reduce((sum, news) => sum + this.#lines[news].size, 0);
  }

  /** Puts it in the line, or moves it to another one; in the same line it keeps its place. */
  add(key: ObjectKey, news: StatusNews): void {
    for (const other of ORDER) if (other !== news) this.#lines[other].delete(key);
    this.#lines[news].add(key);
  }

  take(): ObjectKey | undefined {
    for (const news of ORDER) {
      const line = this.#lines[news];
      for (const key of line) {
        line.delete(key);
        return key;
      }
    }
    return undefined;
  }

  clear(): void {
    for (const news of ORDER) this.#lines[news].clear();
  }
}
