/**
 * Election of one leader among replicas by a Lease: whoever holds it renews it, and whoever sees it unchanged for its whole
 * duration may take it. What counts is when a replica itself saw the Lease change, never the times in it, so clocks may
 * differ. It fails closed: a leader that cannot renew stops well before anybody else may start.
 *
 *   following: reads the Lease every `retryMs`; free, or unchanged for its duration → tries to take it → leading
 *   leading:   renews every `retryMs`; not renewed for `renewDeadlineMs`, or somebody else has it → following
 *   stopped:   gives the Lease back, so that another replica leads at its next look
 *
 * https://kubernetes.io/docs/concepts/architecture/leases/
 */
import { ApiError, type ApiClient, resourcePath } from "./api-client.ts";
import { systemTimers, type Timers } from "./timers.ts";

export interface LeaderElectionOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique among all processes that ever ask for the Lease. */
  readonly holder: string;
  /** Called when this replica leads, and the signal aborts when it does so no longer. */
  readonly onLeading: (signal: AbortSignal) => void;
  /** Asking failed; it goes on by itself. */
  readonly onProblem?: (error: ApiError) => void;
  /** How long others wait for a leader that is silent. In whole seconds. Default 15 s. */
  readonly durationMs?: number;
  /** How long a leader leads without being able to renew. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Default 2 s, and up to a fifth more. */
  readonly retryMs?: number;
  readonly timers?: Timers;
  readonly clock?: () => Date;
  /** From 0 to 1. */
  readonly random?: () => number;
}

interface Lease {
  readonly apiVersion: "coordination.k8s.io/v1";
  readonly kind: "Lease";
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec?: LeaseSpec;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

const JITTER = 0.2;

export class LeaderElection implements AsyncDisposable {
  readonly #options: LeaderElectionOptions;
  readonly #timers: Timers;
  readonly #durationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  readonly #stopping = new AbortController();
  #lease: Lease | undefined;
  /** When the Lease was first seen as it is. */
  #seenAt = 0;
  #leading: AbortController | undefined;
  /** The Lease was asked for, and the answer is not there yet. */
  #isTaking = false;
  /** Until then this replica leads, unless it renews. */
  #leadsUntil = 0;
  #deadline: Disposable | undefined;
  #next: Disposable | undefined;
  #asking: Promise<void> = Promise.resolve();

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
  }

  /** Whether this replica leads at this moment, also after the process stood still for a while. */
  get isLeading(): boolean {
    return this.#leading !== undefined && this.#timers.now() < this.#leadsUntil;
  }

  /** Who holds the Lease, as it was last seen. */
  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity || undefined;
  }

  start(): void {
    this.#ask();
  }

  /** Leads no longer, at once, and gives the Lease back. Whatever the leader did should have ended before. */
  async stop(): Promise<void> {
    const mayHold = this.isLeading || this.#isTaking;
    this.#lose();
    this.#stopping.abort();
    this.#next?.[Symbol.dispose]();
    await this.#asking;
    if (mayHold) await this.#giveBack();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ask(): void {
    this.#asking = this.#round().finally(() => {
      if (this.#stopping.signal.aborted) return;
      const jitter = 1 + JITTER * (this.#options.random ?? Math.random)();
      this.#next = this.#timers.after(this.#retryMs * jitter, () => this.#ask());
    });
  }

  async #round(): Promise<void> {
    try {
      if (this.#leading === undefined || this.#lease === undefined) await this.#read();
      if (this.#mayTake()) await this.#take();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "aborted") return;
      // What is there is not what was known: it is read before anything else is done.
      if (error.code === "conflict" || error.code === "alreadyExists" || error.code === "notFound") {
        this.#lease = undefined;
        return;
      }
      this.#options.onProblem?.(error);
    }
  }

  async #read(): Promise<void> {
    const lease = await this.#call("GET").catch((error: unknown) => {
      if (error instanceof ApiError && error.code === "notFound") return undefined;
      throw error;
    });
    this.#see(lease);
    if (this.#leading && this.holder !== this.#options.holder) this.#lose();
  }

  #see(lease: Lease | undefined): void {
    if (lease?.metadata.resourceVersion !== this.#lease?.metadata.resourceVersion || lease === undefined) {
      this.#seenAt = this.#timers.now();
    }
    this.#lease = lease;
  }

  #mayTake(): boolean {
    if (this.holder === undefined || this.holder === this.#options.holder) return true;
    const durationMs = (this.#lease?.spec?.leaseDurationSeconds ?? 0) * 1_000;
    return this.#timers.now() - this.#seenAt >= Math.max(durationMs, this.#retryMs);
  }

  /** Takes or renews. Time counts from before the call, since nobody knows when the server took it. */
  async #take(): Promise<void> {
    const sentAt = this.#timers.now();
    const now = microTime(this.#options.clock?.() ?? new Date());
    const old = this.#lease?.spec;
    const isRenewal = old?.holderIdentity === this.#options.holder;
    const spec: LeaseSpec = {
      ...old,
      holderIdentity: this.#options.holder,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1_000),
      acquireTime: isRenewal ? (old.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (old?.leaseTransitions ?? 0) + (isRenewal || old === undefined ? 0 : 1),
    };
    this.#isTaking = true;
    try {
      const lease = await this.#call(this.#lease === undefined ? "POST" : "PUT", spec);
      this.#see(lease);
      this.#lead(sentAt);
    } finally {
      this.#isTaking = false;
    }
  }

  #lead(sentAt: number): void {
    this.#leadsUntil = sentAt + this.#renewDeadlineMs;
    const leftMs = this.#leadsUntil - this.#timers.now();
    if (this.#stopping.signal.aborted || leftMs <= 0) return;
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = this.#timers.after(leftMs, () => this.#lose());
    if (this.#leading) return;
    this.#leading = new AbortController();
    this.#options.onLeading(this.#leading.signal);
  }

  #lose(): void {
    this.#deadline?.[Symbol.dispose]();
    this.#leadsUntil = 0;
    const leading = this.#leading;
    this.#leading = undefined;
    leading?.abort();
  }

  /**
   * Read anew first, since a call that was on its way when this replica stopped may have been carried out, with nobody left to
   * hear the answer. Nothing is lost if it fails: the Lease runs out.
   */
  async #giveBack(): Promise<void> {
    try {
      this.#see(await this.#call("GET", undefined, { isStopping: true }));
      if (this.holder !== this.#options.holder) return;
      const { holderIdentity: _, ...spec } = this.#lease?.spec ?? {};
      await this.#call("PUT", { ...spec, leaseDurationSeconds: 1 }, { isStopping: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #call(method: "GET" | "POST" | "PUT", spec?: LeaseSpec, { isStopping = false } = {}): Promise<Lease> {
    const { client, namespace, name } = this.#options;
    const location = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace };
    const resourceVersion = method === "PUT" ? this.#lease?.metadata.resourceVersion : undefined;
    const metadata = { name, namespace, ...(resourceVersion !== undefined && { resourceVersion }) };
    const body: Lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, ...(spec && { spec }) };
    return client.request<Lease>({
      method,
      path: resourcePath(method === "POST" ? location : { ...location, name }),
      ...(method !== "GET" && { body }),
      timeoutMs: this.#renewDeadlineMs / 2,
      ...(!isStopping && { signal: this.#stopping.signal }),
    });
  }
}

/** As the API writes times of Leases: with six digits after the second. */
const microTime = (date: Date): string => date.toISOString().replace("Z", "000Z");
