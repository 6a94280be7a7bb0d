/**
 * What one other replica is to be told, as it can take it: first the whole, then what changed since it was last told, each
 * topic once and as it is then, however often it changed. So a slow listener costs no memory and hears nothing outdated.
 */
import type { PeerBoard } from "./peer-board.ts";
import { isWorthTelling, type PeerLine, topicOf } from "./peer-lines.ts";

export class PeerFeed implements Disposable {
  readonly #board: PeerBoard;
  readonly #following: Disposable;
  readonly #changed = new Map<string, PeerLine>();
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #isClosed = false;

  /** From now on it notes what changes; `whole` gives what is there. */
  constructor(board: PeerBoard) {
    this.#board = board;
    this.#following = board.follow((lines) => {
      for (const line of lines) this.#changed.set(topicOf(line), line);
      this.#wake.resolve();
    });
  }

  whole(): readonly PeerLine[] {
    this.#changed.clear();
    return this.#board.own.lines().filter(isWorthTelling);
  }

  /** Resolves when there is something to take, or nobody takes any more. */
  async changed(): Promise<void> {
    if (this.#changed.size > 0 || this.#isClosed) return;
    this.#wake = Promise.withResolvers();
    await this.#wake.promise;
  }

  take(): readonly PeerLine[] {
    const lines = [...this.#changed.values()].map((line) => this.#board.own.lineLike(line));
    this.#changed.clear();
    return lines;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#following[Symbol.dispose]();
    this.#wake.resolve();
  }
}
