/**
 * The proxy of a configuration while the control plane runs: watches its Envoy and starts another when it ends. Two ways out:
 * `stop` drains and ends it, `leave` lets it serve on for the next control plane.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AdminClient } from "./admin-client.ts";
import { healthyClusterVersions, servingClusterVersions, warmingClusters } from "./cluster-warmth.ts";
import { drainEnvoy } from "./drain-envoy.ts";
import type { DrainBounds } from "./drain-envoy.ts";
import type { OutputFollower } from "./output-follower.ts";
import type { ProxyEvent } from "./proxy-event.ts";
import { restartDelayMs, STABLE_AFTER_MS } from "./restart-delay.ts";
import { forgetEnvoy } from "./running-envoy.ts";
import type { RunningEnvoy } from "./running-envoy.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface ProxyParts {
  readonly envoy: RunningEnvoy;
  readonly admin: AdminClient;
  readonly directory: StateDirectory;
  readonly drain: DrainBounds;
  readonly output: OutputFollower;
  /** Starts another Envoy; resolves when its admin API answers. */
  readonly launch: () => Promise<RunningEnvoy>;
  readonly onEvent: (event: ProxyEvent) => void;
}

export class ProxyProcess {
  readonly admin: AdminClient;
  readonly #parts: ProxyParts;
  /** Aborted when Envoy is no longer to be restarted. */
  readonly #over = new AbortController();
  readonly #hurry = new AbortController();
  readonly #watching: Promise<void>;
  #envoy: RunningEnvoy | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.admin = parts.admin;
    this.#envoy = parts.envoy;
    this.#watching = this.#watch(parts.envoy);
  }

  /** The process that runs; undefined between two. */
  get pid(): number | undefined {
    return this.#envoy?.identity.pid;
  }

  /** The clusters that do not serve yet in their newest version. Throws ProxyError. */
  async warmingClusters(): Promise<readonly string[]> {
    return await warmingClusters(this.admin);
  }

  /** The version that serves of each of these clusters; one without any is left out. Throws ProxyError. */
  async servingClusterVersions(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return await servingClusterVersions(this.admin, names);
  }

  /** Of these clusters, the version that serves of those that somebody can be called in, as far as checks tell. Throws ProxyError. */
  async healthyClusterVersions(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return await healthyClusterVersions(this.admin, names);
  }

  /**
   * Drains Envoy and ends it; resolves when it is gone. With `now`, also on a second call, what is left of the draining is passed over. After `leave` it does
   * nothing.
   */
  async stop({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    if (now) this.#hurry.abort();
    this.#stopping ??= this.#end();
    await this.#stopping;
  }

  /** Stops watching. Envoy serves on what it has, and the next `startProxy` with the same settings takes it over. */
  async leave(): Promise<void> {
    this.#stopping ??= this.#leave();
    await this.#stopping;
  }

  async #leave(): Promise<void> {
    this.#over.abort();
    await this.#watching;
    this.#parts.output.close();
  }

  async #end(): Promise<void> {
    const { admin, directory, drain, output, onEvent } = this.#parts;
    this.#over.abort();
    await this.#watching;
    if (this.#envoy) {
      onEvent({ kind: "draining", pid: this.#envoy.identity.pid });
      await drainEnvoy(this.#envoy.identity, admin, drain, this.#hurry.signal);
    }
    forgetEnvoy(directory);
    output.close();
    onEvent({ kind: "stopped" });
  }

  /** Until it is over: waits for the end of Envoy, then for the delay, then starts another. */
  async #watch(first: RunningEnvoy): Promise<void> {
    const { signal } = this.#over;
    const over = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    let envoy: RunningEnvoy | undefined = first;
    let failures = 0;
    while (!signal.aborted) {
      if (envoy) {
        const how: string | void = await Promise.race([envoy.ended, over]);
        if (how === undefined) return;
        const wasStable = performance.now() - envoy.startedMs >= STABLE_AFTER_MS;
        failures = wasStable ? 1 : failures + 1;
        this.#envoy = undefined;
        const restartInMs = restartDelayMs(failures, Math.random());
        this.#parts.onEvent({ kind: "ended", pid: envoy.identity.pid, how, failures, restartInMs });
        await delay(restartInMs, undefined, { signal }).catch(() => {});
      }
      if (signal.aborted) return;
      envoy = await this.#launch(failures);
      failures = envoy ? failures : failures + 1;
    }
  }

  /** Undefined, after the delay, when it did not work. */
  async #launch(failures: number): Promise<RunningEnvoy | undefined> {
    try {
      this.#envoy = await this.#parts.launch();
      return this.#envoy;
    } catch (error) {
      const restartInMs = restartDelayMs(failures + 1, Math.random());
      this.#parts.onEvent({ kind: "restart-failed", error, failures: failures + 1, restartInMs });
      await delay(restartInMs, undefined, { signal: this.#over.signal }).catch(() => {});
      return undefined;
    }
  }
}
