/**
 * Constant load from many clients at once, each at its own bounded pace, which knows at every moment who may answer. While a
 * change is under way the old and the new answer are right, after it only the new one.
 */
import { setTimeout as delay } from "node:timers/promises";
import { senderOf } from "./load-senders.ts";
import type { LoadProtocol } from "./load-senders.ts";

/** What a client asks for, and who may answer. */
export class LoadTarget {
  readonly name: string;
  readonly protocol: LoadProtocol;
  readonly port: number;
  readonly host: string;
  readonly path: string;
  allowed: ReadonlySet<string>;

  constructor(
    where: { readonly protocol: LoadProtocol; readonly port: number; readonly host: string; readonly path: string },
    allowed: readonly string[],
  ) {
    this.protocol = where.protocol;
    this.port = where.port;
    this.host = where.host;
    this.path = where.path;
    this.name = `${where.protocol} ${where.host}${where.path}`;
    this.allowed = new Set(allowed);
  }
}

export interface LoadFailure {
  readonly id: string;
  readonly target: string;
  /** Somebody else's answer, a status, or the error of the connection. */
  readonly got: string;
  readonly isMisrouted: boolean;
  readonly at: Date;
}

const PACE_MS = 20;

export class PacedLoad {
  readonly failures: LoadFailure[] = [];
  readonly #counts = new Map<LoadTarget, number>();
  readonly #loops: Promise<void>[] = [];
  readonly #label: string;
  #isStopped = false;

  /** `label` begins the ids of its requests. */
  constructor(label: string) {
    this.#label = label;
  }

  /** Starts a client for the target. */
  add(target: LoadTarget): void {
    this.#counts.set(target, 0);
    this.#loops.push(this.#run(target, `${this.#label}-${this.#loops.length}`));
  }

  get requests(): number {
    return this.#counts.values().reduce((sum, count) => sum + count, 0);
  }

  countOf(target: LoadTarget): number {
    return this.#counts.get(target) ?? 0;
  }

  /** Resolves when every client has sent and finished that many more. */
  async more(requests: number): Promise<void> {
    const goals = new Map(this.#counts.entries().map(([target, count]) => [target, count + requests]));
    while (!this.#isStopped && goals.entries().some(([target, goal]) => this.countOf(target) < goal))
      await delay(PACE_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  async #run(target: LoadTarget, client: string): Promise<void> {
    const sender = senderOf(target.protocol);
    while (!this.#isStopped) {
      const count = this.countOf(target);
      const id = `${client}-${count}`;
      const before = target.allowed;
      const { host, port, path } = target;
      const answer = await sender.send({ host, port, path, id }).then(
        (name) => ({ name, isAnswer: !name.startsWith("status ") }),
        (error: NodeJS.ErrnoException) => ({ name: error.code ?? error.message, isAnswer: false }),
      );
      const isRight = before.has(answer.name) || target.allowed.has(answer.name);
      if (!isRight) {
        const { name: got, isAnswer: isMisrouted } = answer;
        this.failures.push({ id, target: target.name, got, isMisrouted, at: new Date() });
      }
      this.#counts.set(target, count + 1);
      await delay(PACE_MS);
    }
    sender.close();
  }
}
