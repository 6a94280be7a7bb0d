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
  /** What was applied last, by kind, and the fingerprint that it had after that. */
  readonly applied: Map<ManifestKind, Applied>;
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
      else if (conflict === undefined && wish.held !== true) await this.#apply(wish, task, signal);
      task.failures = 0;
      this.#options.onProblem(key, conflict === undefined ? undefined : { message: conflict });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      // A namespace that is going away takes nothing more, and takes the Gateway with it.
      const isRefused = error.code === "invalid" || error.code === "forbidden";
      this.#options.onProblem(key, { message: error.message, ...(isRefused && { isRefused }) });
      const delayMs = error.retryAfterMs ?? Math.min(FIRST_RETRY_MS * 2 ** task.failures, LONGEST_RETRY_MS);
      task.failures += 1;
      task.retry = this.#timers.after(delayMs, () => this.#ask(key));
    } finally {
      task.isWorking = false;
      if (task.isAsked && this.#leading) {
        this.#inLine.push(key);
        this.#pump();
      }
    }
  }

  async #apply(wish: Wish, task: Task, signal: AbortSignal): Promise<void> {
    const manifests = manifestsOf(wish, this.#installation);
    for (const manifest of manifests) {
      const applied = task.applied.get(manifest.kind);
      const current = this.#options.owned.get(manifest.kind, wish.namespace, nameOf(wish));
      const isThere = applied !== undefined && current?.fingerprint === applied.fingerprint;
      if (isThere && isDeepStrictEqual(applied.manifest, manifest)) continue;
      const handover = manifest.kind === "Deployment" && handoverOf(manifest, applied?.manifest, current?.replicas);
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
      task.applied.set(manifest.kind, { manifest, fingerprint: fingerprintOf(answer) });
    }
    const kinds = new Set(manifests.map(({ kind }) => kind));
    for (const kind of Object.keys(MANIFEST_KINDS) as ManifestKind[])
      if (!kinds.has(kind)) await this.#remove(kind, wish, signal);
  }

  /** Where somebody has changed the number meanwhile, it is theirs already. */
  async #handOver(call: ApiCall): Promise<void> {
    await this.#options.client.request(call).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "conflict") throw error;
    });
  }

  async #remove(kind: ManifestKind, wish: Wish, signal: AbortSignal): Promise<void> {
    const { namespace } = wish;
    if (this.#options.owned.get(kind, namespace, nameOf(wish)) === undefined) return;
    const path = resourcePath({ ...MANIFEST_KINDS[kind], namespace, name: nameOf(wish) });
    await this.#options.client.request({ method: "DELETE", path, signal }).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "notFound") throw error;
    });
  }
}
