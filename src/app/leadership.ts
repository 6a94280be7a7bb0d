/**
 * What only the leader among the replicas does: it begins when this replica becomes the leader and ends, at once, when it no
 * longer is. Who leads is decided by a Lease (docs/decisions/replicas.md).
 */
import { type ApiClient, LeaderElection } from "../kubernetes/index.ts";
import type { Logger } from "pino";

/** Something that only one replica may do at a time. */
export interface Duty {
  start(): void;
  /** Resolves when nothing of it is under way any more. */
  stop(): Promise<void>;
}

export interface LeadershipOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  /** Unique among all processes that ever ask. */
  readonly holder: string;
  readonly duties: readonly Duty[];
  readonly log: Logger;
}

/** Of the Lease, in the namespace of the installation. */
const LEASE = "trilith";

export class Leadership implements AsyncDisposable {
  readonly #election: LeaderElection;
  readonly #duties: readonly Duty[];
  readonly #log: Logger;

  constructor({ client, namespace, holder, duties, log }: LeadershipOptions) {
    this.#duties = duties;
    this.#log = log;
    this.#election = new LeaderElection({
      client,
      namespace,
      name: LEASE,
      holder,
      onLeading: (signal) => this.#lead(signal),
      onProblem: ({ code, message }) => log.warn({ code }, `the Lease cannot be asked for: ${message}`),
    });
    this.#election.start();
  }

  get isLeading(): boolean {
    return this.#election.isLeading;
  }

  /** Who leads, as it was last seen. */
  get leader(): string | undefined {
    return this.#election.holder;
  }

  /** The duties end before the Lease is given back, so that two never do them at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endDuties();
    await this.#election.stop();
  }

  #lead(signal: AbortSignal): void {
    this.#log.info("this replica leads");
    for (const duty of this.#duties) duty.start();
    signal.addEventListener("abort", () => {
      this.#log.info("this replica leads no longer");
      void this.#endDuties();
    });
  }

  async #endDuties(): Promise<void> {
    await Promise.all(this.#duties.map((duty) => duty.stop()));
  }
}
