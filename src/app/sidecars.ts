/**
 * The Envoys beside the workloads of this machine: one for each that is wanted, none for others, also none that an earlier run left.
 * One that cannot be started is told of, and tried again.
 */
import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ProxyKey, Workload } from "../model/index.ts";
import { claimStateDirectory, endLeftEnvoy, type ProxyEvent } from "../proxy/index.ts";
import type { RunningProxy } from "./running-proxy.ts";
import { type SidecarOptions, startSidecar } from "./sidecar.ts";

export interface SidecarsOptions extends Pick<SidecarOptions, "envoyPath" | "socket" | "tokens" | "concurrency"> {
  /** Of their state directories. */
  readonly folder: string;
  readonly onEvent: (workload: Workload, event: ProxyEvent) => void;
  readonly onProblem: (workload: string, error: unknown) => void;
}

interface Place {
  readonly workload: Workload;
  /** Undefined where it could not be started. */
  starting: Promise<RunningProxy | undefined>;
  retry?: NodeJS.Timeout;
}

const RETRY_MS = 5_000;

export class Sidecars {
  readonly #options: SidecarsOptions;
  readonly #places = new Map<string, Place>();
  readonly #problems = new Map<string, string>();
  /** Those that are not wanted any more, by their folders, until they are gone. */
  readonly #leaving = new Map<string, Promise<unknown>>();
  #isOver = false;

  constructor(options: SidecarsOptions) {
    this.#options = options;
  }

  /** Why a sidecar does not run, by its workload. */
  get problems(): ReadonlyMap<string, string> {
    return this.#problems;
  }

  /** What the sidecar of a workload counts, for Prometheus; undefined where it has none. Rejects while its Envoy does not run. */
  async metricsOf(workload: ProxyKey): Promise<string | undefined> {
    return (await this.#places.get(workload)?.starting)?.metrics();
  }

  /** Makes these the ones that have a sidecar. */
  want(workloads: readonly Workload[]): void {
    if (this.#isOver) return;
    const wanted = new Set<string>(workloads.map(({ key }) => key));
    for (const [key, place] of this.#places) if (!wanted.has(key)) this.#end(key, place);
    for (const workload of workloads) if (!this.#places.has(workload.key)) this.#begin(workload);
  }

  /** Ends what an earlier run left running beside workloads that are not wanted. */
  endOthers(workloads: readonly Workload[]): void {
    const wanted = new Set(workloads.map(({ key }) => folderOf(key)));
    for (const name of namesIn(this.#options.folder)) {
      if (wanted.has(name)) continue;
      this.#keep(name, endLeft(join(this.#options.folder, name)).catch(this.#tellOf(name)));
    }
  }

  async stop(how?: { readonly now?: boolean }): Promise<void> {
    await this.#finish((sidecar) => sidecar.stop(how));
  }

  async leave(): Promise<void> {
    await this.#finish((sidecar) => sidecar.leave());
  }

  async #finish(end: (sidecar: RunningProxy) => Promise<void>): Promise<void> {
    this.#isOver = true;
    const places = [...this.#places.values()];
    for (const { retry } of places) clearTimeout(retry);
    const ending = places.map(async ({ starting }) => {
      const sidecar = await starting;
      if (sidecar) await end(sidecar);
    });
    await Promise.all([...ending, ...this.#leaving.values()]);
  }

  #begin(workload: Workload): void {
    const place: Place = { workload, starting: Promise.resolve(undefined) };
    this.#places.set(workload.key, place);
    place.starting = this.#start(place);
  }

  async #start(place: Place): Promise<RunningProxy | undefined> {
    const { workload } = place;
    const { folder, onEvent } = this.#options;
    const tell = this.#tellOf(workload.key);
    const name = folderOf(workload.key);
    // One that was there before has the folder, and takes it away.
    await this.#leaving.get(name);
    if (!this.#isWanted(place)) return undefined;
    try {
      const sidecar = await startSidecar(workload, {
        ...this.#options,
        directory: join(folder, name),
        onEvent: (event) => onEvent(workload, event),
        onProblem: tell,
      });
      this.#problems.delete(workload.key);
      return sidecar;
    } catch (error) {
      tell(error);
      if (this.#isWanted(place))
        place.retry = setTimeout(() => {
          place.starting = this.#start(place);
        }, RETRY_MS).unref();
      return undefined;
    }
  }

  #isWanted(place: Place): boolean {
    return !this.#isOver && this.#places.get(place.workload.key) === place;
  }

  #end(key: string, { starting, retry }: Place): void {
    this.#places.delete(key);
    this.#problems.delete(key);
    clearTimeout(retry);
    const name = folderOf(key);
    const ending = starting.then(async (sidecar) => {
      await sidecar?.stop();
      rmSync(join(this.#options.folder, name), { recursive: true, force: true });
    });
    this.#keep(name, ending.catch(this.#tellOf(key)));
  }

  #keep(name: string, ending: Promise<unknown>): void {
    const kept = ending.finally(() => {
      if (this.#leaving.get(name) === kept) this.#leaving.delete(name);
    });
    this.#leaving.set(name, kept);
  }

  #tellOf(key: string): (error: unknown) => void {
    return (error) => {
      if (this.#places.has(key)) this.#problems.set(key, error instanceof Error ? error.message : String(error));
      this.#options.onProblem(key, error);
    };
  }
}

/** Short, since paths of sockets must be. */
const folderOf = (key: string): string => createHash("sha256").update(key).digest("hex").slice(0, 12);

async function endLeft(path: string): Promise<void> {
  const directory = await claimStateDirectory(path);
  await endLeftEnvoy(directory);
  await directory.release();
  rmSync(path, { recursive: true, force: true });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nobody has had a sidecar yet.
    return [];
  }
}
