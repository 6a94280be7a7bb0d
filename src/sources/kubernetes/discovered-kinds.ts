/**
 * Kinds of Kubernetes itself that a cluster may or may not serve, or serve in another version after an upgrade: no definition
 * of theirs can be watched, so what is served is asked for now and then.
 *
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import { type ApiClient, ApiError, systemTimers, type Timers } from "../../kubernetes/index.ts";
import { type Kind, kinds } from "../../resources/index.ts";

export interface DiscoveredKindsOptions {
  readonly client: ApiClient;
  readonly kinds: readonly Kind[];
  /** The version to read; undefined when there is none. Told again and again. */
  readonly onKind: (kind: Kind, version: string | undefined) => void;
  /** All kinds have been told once. */
  readonly onSynced: () => void;
  readonly onProblem: (problem: ApiError | undefined) => void;
  readonly timers?: Timers | undefined;
  /** From 0 to 1. */
  readonly random?: () => number;
}

const EVERY_MS = 60_000;
const AFTER_FAILURE_MS = 1_000;

export class DiscoveredKinds implements Disposable {
  readonly #options: DiscoveredKindsOptions;
  readonly #stopping = new AbortController();
  #next: Disposable | undefined;
  #isSynced = false;

  constructor(options: DiscoveredKindsOptions) {
    this.#options = options;
    void this.#ask();
  }

  [Symbol.dispose](): void {
    this.#stopping.abort();
    this.#next?.[Symbol.dispose]();
  }

  async #ask(): Promise<void> {
    const { kinds: asked, onKind, onSynced, onProblem, timers = systemTimers, random = Math.random } = this.#options;
    let afterMs = EVERY_MS;
    try {
      for (const kind of asked) onKind(kind, await this.#versionOf(kind));
      onProblem(undefined);
      if (!this.#isSynced) onSynced();
      this.#isSynced = true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "aborted") return;
      onProblem(error);
      afterMs = Math.max(AFTER_FAILURE_MS, error.retryAfterMs ?? 0);
    }
    if (this.#stopping.signal.aborted) return;
    this.#next = timers.after(afterMs * (1 + random() / 2), () => void this.#ask());
  }

  async #versionOf(kind: Kind): Promise<string | undefined> {
    const { group, versions, plural } = kinds[kind];
    for (const version of versions) if ((await this.#resourcesOf(group, version)).includes(plural)) return version;
    return undefined;
  }

  async #resourcesOf(group: string, version: string): Promise<readonly string[]> {
    try {
      const { resources } = await this.#options.client.request<{ resources: readonly { readonly name: string }[] }>({
        method: "GET",
        path: `/apis/${group}/${version}`,
        signal: this.#stopping.signal,
      });
      return resources.map(({ name }) => name);
    } catch (error) {
      if (error instanceof ApiError && error.code === "notFound") return [];
      throw error;
    }
  }
}
