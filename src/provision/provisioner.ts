/**
 * Makes what Gateways need, while this replica leads, and keeps it so: what differs from what was applied last is applied
 * again, and so is what somebody else changes or deletes. What belongs to a Gateway that is gone goes with it, by its owner
 * reference; what a Gateway no longer needs is deleted here.
 *
 * What a Gateway that is held has, stays as it is. For one whose objects would have the names of an older one's, nothing is made,
 * and what it had is deleted. An object of somebody else's that has the name is left alone, and asked for again until it is gone.
 *
 * Objects are applied with server-side apply, so that fields which others set (an autoscaler its replicas, a cloud its
 * annotations) stay theirs. One Gateway is worked on at a time by itself; what fails is tried again, later each time.
 */
import type { Change, Collection } from "../collections/index.ts";
import { type ApiClient, ApiError, systemTimers, type Timers } from "../kubernetes/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { GatewayObjects } from "./gateway-objects.ts";
import { manifestsOf, nameOf } from "./manifests.ts";
import type { NameClaims } from "./name-claims.ts";
import type { OwnedObjects } from "./owned-objects.ts";
import { NameTaken } from "./ownership.ts";
import type { Installation, Wish } from "./wish.ts";

export interface ProvisionerOptions {
  readonly client: ApiClient;
  readonly wishes: Collection<Wish>;
  /** Of the same wishes. */
  readonly names: NameClaims;
  readonly installation: Installation;
  /** What there is of what was made. */
  readonly owned: OwnedObjects;
  /** What stands in the way of a Gateway's objects; undefined when nothing does any more. */
  readonly onProblem: (gateway: ObjectKey, problem: ProvisioningProblem | undefined) => void;
  readonly timers?: Timers;
}

export interface ProvisioningProblem {
  readonly message: string;
  /** What lasts as long as nobody changes anything: the API server does not take it, or a name is another's. Others pass. */
  readonly hindrance?: Hindrance;
  /** Services that it does not take, by name, and why. */
  readonly refusedServices?: ReadonlyMap<string, string>;
}

export type Hindrance = "refused" | "nameTaken";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const MOST_AT_ONCE = 8;

interface Task {
  isWorking: boolean;
  isAsked: boolean;
  failures: number;
  retry?: Disposable;
  readonly objects: GatewayObjects;
}

export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #timers: Timers;
  readonly #tasks = new Map<ObjectKey, Task>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #inLine: ObjectKey[] = [];
  #installation: Installation;
  #leading: AbortController | undefined;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    this.#installation = options.installation;
    this.#timers = options.timers ?? systemTimers;
  }

  start(): void {
    if (this.#leading) return;
    this.#leading = new AbortController();
    for (const { key } of this.#options.wishes.values()) this.#ask(key);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#leading?.abort();
    this.#leading = undefined;
    for (const { retry } of this.#tasks.values()) retry?.[Symbol.dispose]();
    this.#tasks.clear();
    this.#inLine.length = 0;
    await Promise.all(this.#underWay);
  }

  /** Other authorities, say: everything is looked at again. */
  reinstall(installation: Installation): void {
    this.#installation = installation;
    if (this.#leading) for (const { key } of this.#options.wishes.values()) this.#ask(key);
  }

  /** Takes changes of `wishes` in. */
  take(changes: readonly Change<Wish>[]): void {
    if (!this.#leading) return;
    for (const { key, before, after } of changes) {
      this.#ask(key as ObjectKey);
      for (const wish of [before, after]) if (wish) this.#askRivals(wish);
    }
  }

  /** Somebody changed or deleted what was made for the Gateway. */
  look(gateway: ObjectKey): void {
    if (this.#leading && this.#options.wishes.get(gateway)) this.#ask(gateway);
  }

  /** Whoever else would have objects of its name. */
  #askRivals(wish: Wish): void {
    for (const { key } of this.#options.names.claimantsOf(wish.namespace, nameOf(wish)))
      if (key !== wish.key) this.#ask(key);
  }

  #ask(key: ObjectKey): void {
    const fresh: Task = { isWorking: false, isAsked: false, failures: 0, objects: new GatewayObjects(this.#options) };
    const task = this.#tasks.get(key) ?? fresh;
    this.#tasks.set(key, task);
    if (task.isAsked) return;
    task.isAsked = true;
    task.retry?.[Symbol.dispose]();
    if (!task.isWorking) this.#inLine.push(key);
    this.#pump();
  }

  #pump(): void {
    while (this.#leading && this.#underWay.size < MOST_AT_ONCE) {
      const key = this.#inLine.shift();
      const task = key === undefined ? undefined : this.#tasks.get(key);
      if (key === undefined) return;
      if (task === undefined) continue;
      const work = this.#work(key, task, this.#leading.signal).finally(() => {
        this.#underWay.delete(work);
        this.#pump();
      });
      this.#underWay.add(work);
    }
  }

  async #work(key: ObjectKey, task: Task, signal: AbortSignal): Promise<void> {
    task.isWorking = true;
    task.isAsked = false;
    try {
      const wish = this.#options.wishes.get(key);
      const conflict = wish && this.#options.names.conflictOf(wish);
      if (wish === undefined) this.#tasks.delete(key);
      else if (conflict === undefined && wish.held !== true) {
        const refusedServices = await this.#apply(wish, task, signal);
        const [message] = refusedServices.values();
        if (message !== undefined) {
          this.#tryAgain(key, task, { message, hindrance: "refused", refusedServices });
          return;
        }
      } else if (conflict !== undefined) await task.objects.removeOthers(wish, nameOf(wish), [], signal);
      task.failures = 0;
      this.#options.onProblem(key, conflict === undefined ? undefined : { message: conflict, hindrance: "nameTaken" });
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      this.#tryAgain(key, task, problem, error instanceof ApiError ? error.retryAfterMs : undefined);
    } finally {
      task.isWorking = false;
      if (task.isAsked && this.#leading) {
        this.#inLine.push(key);
        this.#pump();
      }
    }
  }

  #tryAgain(key: ObjectKey, task: Task, problem: ProvisioningProblem, afterMs?: number): void {
    this.#options.onProblem(key, problem);
    const delayMs = afterMs ?? Math.min(FIRST_RETRY_MS * 2 ** task.failures, LONGEST_RETRY_MS);
    task.failures += 1;
    task.retry = this.#timers.after(delayMs, () => this.#ask(key));
  }

  /** Gives the Services that the API server refuses, and why: by those, an address is not to be had, and all else is. */
  async #apply(wish: Wish, task: Task, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const manifests = manifestsOf(wish, this.#installation);
    const refused = new Map<string, string>();
    for (const manifest of manifests) {
      try {
        await task.objects.apply(manifest, wish, signal);
      } catch (error) {
        if (manifest.kind !== "Service" || !(error instanceof ApiError) || !isRefusal(error)) throw error;
        refused.set(manifest.metadata.name, error.message);
      }
    }
    await task.objects.removeOthers(wish, nameOf(wish), manifests, signal);
    return refused;
  }
}

/** Undefined for what is a fault of ours. A namespace that is going away takes nothing more, and takes the Gateway with it. */
function problemOf(error: unknown): ProvisioningProblem | undefined {
  if (error instanceof NameTaken) return { message: error.message, hindrance: "nameTaken" };
  if (!(error instanceof ApiError)) return undefined;
  return { message: error.message, ...(isRefusal(error) && { hindrance: "refused" as const }) };
}

const isRefusal = ({ code }: ApiError): boolean => code === "invalid" || code === "forbidden";
