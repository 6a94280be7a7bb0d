/**
 * Makes what Gateways need, while this replica leads, and keeps it so: what differs from what was applied last is applied
 * again, and so is what somebody else changes or deletes. What belongs to a Gateway that is gone goes with it, by its owner
 * reference; what a Gateway no longer needs is deleted here.
 *
 * What a Gateway that is held has, stays as it is. For one whose objects would have the names of an older one's, nothing is made.
 *
 * Objects are applied with server-side apply, so that fields which others set (an autoscaler its replicas, a cloud its
 * annotations) stay theirs. One Gateway is worked on at a time by itself; what fails is tried again, later each time.
 */
import { isDeepStrictEqual } from "node:util";
import type { Change, Collection } from "../collections/index.ts";
import {
  type ApiCall,
  type ApiClient,
  ApiError,
  resourcePath,
  systemTimers,
  type Timers,
} from "../kubernetes/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { type Manifest, MANIFEST_KINDS, type ManifestKind, pathOf } from "./manifest.ts";
import { manifestsOf, nameOf } from "./manifests.ts";
import type { NameClaims } from "./name-claims.ts";
import { fingerprintOf, type OwnedObjects, type SentObject } from "./owned-objects.ts";
import { handoverOf } from "./replicas-handover.ts";
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
  /** The API server takes it no more as long as nobody changes anything; other problems pass. */
  readonly isRefused?: true;
  /** Services that it does not take, by name, and why. */
  readonly refusedServices?: ReadonlyMap<string, string>;
}

const FIELD_MANAGER = "trilith.dev/gateway-controller";
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const MOST_AT_ONCE = 8;

interface Task {
  isWorking: boolean;
  isAsked: boolean;
  failures: number;
  retry?: Disposable;
  /** What was applied last, by kind and name, and the fingerprint that it had after that. */
  readonly applied: Map<string, Applied>;
}

interface Applied {
  readonly manifest: Manifest;
  readonly fingerprint: string;
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
    const fresh: Task = { isWorking: false, isAsked: false, failures: 0, applied: new Map() };
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
          this.#tryAgain(key, task, { message, isRefused: true, refusedServices });
          return;
        }
      }
      task.failures = 0;
      this.#options.onProblem(key, conflict === undefined ? undefined : { message: conflict });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      // A namespace that is going away takes nothing more, and takes the Gateway with it.
      const problem = { message: error.message, ...(isRefusal(error) && { isRefused: true as const }) };
      this.#tryAgain(key, task, problem, error.retryAfterMs);
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
        await this.#applyOne(manifest, task, signal);
      } catch (error) {
        if (manifest.kind !== "Service" || !(error instanceof ApiError) || !isRefusal(error)) throw error;
        refused.set(manifest.metadata.name, error.message);
      }
    }
    await this.#removeOthers(wish, manifests, signal);
    return refused;
  }

  async #applyOne(manifest: Manifest, task: Task, signal: AbortSignal): Promise<void> {
    const { kind, metadata } = manifest;
    const key = `${kind}/${metadata.name}`;
    const applied = task.applied.get(key);
    const current = this.#options.owned.get(kind, metadata.namespace, metadata.name);
    const isThere = applied !== undefined && current?.fingerprint === applied.fingerprint;
    if (isThere && isDeepStrictEqual(applied.manifest, manifest)) return;
    const handover = kind === "Deployment" && handoverOf(manifest, applied?.manifest, current?.replicas);
    if (handover) await this.#handOver({ ...handover, signal });
    const answer = await this.#options.client.request<SentObject>({
      method: "PATCH",
      patch: "apply",
      path: pathOf(manifest),
      query: { fieldManager: FIELD_MANAGER, force: "true" },
      body: manifest,
      signal,
    });
    // What there is stays what the watch says: it may have told something newer before this answer came.
    task.applied.set(key, { manifest, fingerprint: fingerprintOf(answer) });
  }

  /** Where somebody has changed the number meanwhile, it is theirs already. */
  async #handOver(call: ApiCall): Promise<void> {
    await this.#options.client.request(call).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "conflict") throw error;
    });
  }

  /** What the Gateway had and needs no longer: of each kind by the name of all, and Services by whose they are. */
  async #removeOthers(wish: Wish, manifests: readonly Manifest[], signal: AbortSignal): Promise<void> {
    const { namespace, uid } = wish;
    const named = (Object.keys(MANIFEST_KINDS) as ManifestKind[]).map((kind) => ({
      kind,
      namespace,
      name: nameOf(wish),
    }));
    const owned = uid === undefined ? [] : this.#options.owned.ownedBy(uid).filter(({ kind }) => kind === "Service");
    for (const { kind, name } of [...named, ...owned]) {
      const isWanted = manifests.some((manifest) => manifest.kind === kind && manifest.metadata.name === name);
      if (!isWanted && this.#options.owned.get(kind, namespace, name))
        await this.#remove(kind, namespace, name, signal);
    }
  }

  async #remove(kind: ManifestKind, namespace: string, name: string, signal: AbortSignal): Promise<void> {
    const path = resourcePath({ ...MANIFEST_KINDS[kind], namespace, name });
    await this.#options.client.request({ method: "DELETE", path, signal }).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "notFound") throw error;
    });
  }
}

const isRefusal = ({ code }: ApiError): boolean => code === "invalid" || code === "forbidden";
