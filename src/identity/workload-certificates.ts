/**
 * Certificates of the workloads whose proxies this replica serves: made when somebody first wants one, made anew long before they
 * end, kept in memory only. Any other replica makes its own, which are as good, so that nothing need be agreed upon.
 *
 * They live a day and are renewed after an hour: a control plane that is away, or an authority that cannot sign, costs nobody
 * anything for most of a day. Until a renewal works the last certificate stays, and the problem is told.
 */
import { systemTimers, type Timers } from "../kubernetes/index.ts";
import type { KeyPair } from "./certificate-chains.ts";

export interface WorkloadCertificatesOptions<Key extends string> {
  readonly issue: (spiffeId: string, lifeMs: number) => Promise<KeyPair>;
  readonly onIssued: (key: Key, pair: KeyPair) => void;
  /** Asked before a renewal; whoever is not needed any more is forgotten until it is wanted again. */
  readonly isNeeded: (key: Key) => boolean;
  readonly onForgotten: (key: Key) => void;
  /** One could not be made; it is tried again. */
  readonly onProblem: (error: unknown) => void;
  readonly times?: Partial<WorkloadTimes>;
  readonly timers?: Timers;
  /** From 0 to 1. */
  readonly random?: () => number;
}

export interface WorkloadTimes {
  readonly lifeMs: number;
  readonly renewMs: number;
  /** After a failure. */
  readonly retryMs: number;
}

const HOUR_MS = 3_600_000;
const defaultTimes: WorkloadTimes = { lifeMs: 24 * HOUR_MS, renewMs: HOUR_MS, retryMs: 5_000 };

export class WorkloadCertificates<Key extends string> implements Disposable {
  readonly #options: WorkloadCertificatesOptions<Key>;
  readonly #times: WorkloadTimes;
  readonly #timers: Timers;
  /** What happens next for each; those that are being made have nothing. */
  readonly #next = new Map<Key, Disposable | undefined>();
  #isDisposed = false;

  constructor(options: WorkloadCertificatesOptions<Key>) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    this.#timers = options.timers ?? systemTimers;
  }

  /** From now on there is a certificate for it, whoever asks again. */
  want(key: Key, spiffeId: string): void {
    if (this.#isDisposed || this.#next.has(key)) return;
    this.#next.set(key, undefined);
    void this.#make(key, spiffeId);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const next of this.#next.values()) next?.[Symbol.dispose]();
  }

  async #make(key: Key, spiffeId: string): Promise<void> {
    const { issue, onIssued, onProblem, random = Math.random } = this.#options;
    const { lifeMs, renewMs, retryMs } = this.#times;
    let waitMs = retryMs;
    try {
      const pair = await issue(spiffeId, lifeMs);
      if (this.#isDisposed) return;
      onIssued(key, pair);
      waitMs = renewMs;
    } catch (error) {
      if (this.#isDisposed) return;
      onProblem(error);
    }
    // Spread, so that those who came together do not come together again.
    const next = this.#timers.after(waitMs * (1 + random() / 10), () => this.#renew(key, spiffeId));
    this.#next.set(key, next);
  }

  #renew(key: Key, spiffeId: string): void {
    if (this.#options.isNeeded(key)) void this.#make(key, spiffeId);
    else {
      this.#next.delete(key);
      this.#options.onForgotten(key);
    }
  }
}
