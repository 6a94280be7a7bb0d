/**
 * Keeps the board told how many Envoys each proxy has here: nearly at once when one comes or goes, since others' reports mean something
 * else then; and how many of them have all that they are to have, once a second, since that changes with every message.
 */
import { systemTimers, type Timers } from "../kubernetes/index.ts";
import type { ProxyKey } from "../model/index.ts";
import type { PeerBoard } from "./peer-board.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

const REFRESH_MS = 1_000;

export class PeerCounts implements Disposable {
  readonly #fleet: Pick<ProxyFleet, "countOf" | "proxies">;
  readonly #board: PeerBoard;
  readonly #timers: Timers;
  #refreshing: Disposable;

  constructor(fleet: Pick<ProxyFleet, "countOf" | "proxies">, board: PeerBoard, timers: Timers = systemTimers) {
    this.#fleet = fleet;
    this.#board = board;
    this.#timers = timers;
    this.#refreshing = timers.after(REFRESH_MS, () => this.#refresh());
  }

  /** For `FleetEvents.connections`, which may come while subscribers of the graph are told and nobody may write to it. */
  touch(proxy: ProxyKey): void {
    queueMicrotask(() => this.#board.count(proxy, this.#fleet.countOf(proxy)));
  }

  [Symbol.dispose](): void {
    this.#refreshing[Symbol.dispose]();
  }

  #refresh(): void {
    for (const proxy of this.#fleet.proxies()) this.touch(proxy);
    this.#refreshing = this.#timers.after(REFRESH_MS, () => this.#refresh());
  }
}
