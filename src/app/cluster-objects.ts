/**
 * The objects of the cluster: what the API server tells goes into the engine, and what translation then wants to read of
 * Secrets, ConfigMaps and Pods is followed, too.
 */
import type { Logger } from "pino";
import type { ApiClient } from "../kubernetes/index.ts";
import type { ObjectKey } from "../resources/index.ts";
import { type KubernetesSource, type SourceProblem, startKubernetesSource } from "../sources/index.ts";
import type { Engine } from "./engine.ts";
import type { Startup } from "./startup.ts";

export interface ClusterObjectsOptions {
  readonly client: ApiClient;
  readonly engine: Engine;
  readonly awaits: Startup["awaits"];
  readonly log: Logger;
}

export interface ClusterObjects extends Disposable {
  readonly stored: KubernetesSource["stored"];
  readonly problems: readonly SourceProblem[];
  /** Somebody, Trilith among them, stored another version of these objects. */
  onStored(told: (keys: readonly ObjectKey[]) => void): void;
}

/** Resolves when everything has been read once; until then it goes on trying, and says why it must. */
export async function followCluster({ client, engine, awaits, log }: ClusterObjectsOptions): Promise<ClusterObjects> {
  const { graph, translation, driven } = engine;
  const synced = Promise.withResolvers<void>();
  const storedTold: ((keys: readonly ObjectKey[]) => void)[] = [];
  const known = new Set<string>();
  const source: KubernetesSource = startKubernetesSource({
    client,
    onChanges: (changes) => {
      engine.applyChanges(changes);
      // Afterwards only where that changes: there may be thousands.
      if (!source.isSynced) source.want(translation.wantedResources.values());
    },
    onSynced: () => synced.resolve(),
    onBundle: ({ versions, unversioned }) => driven.bundle.set({ key: "bundle", versions, unversioned }),
    onStored: (keys) => {
      for (const tell of storedTold) tell(keys);
    },
    onProblems: () => logProblems(log, source.problems, known),
  });
  awaits(() => source.unread);
  await synced.promise;
  const following = graph.subscribe(translation.wantedResources, () =>
    queueMicrotask(() => source.want(translation.wantedResources.values())),
  );
  return {
    get stored() {
      return source.stored;
    },
    get problems() {
      return source.problems;
    },
    onStored: (told) => void storedTold.push(told),
    [Symbol.dispose]: () => {
      following[Symbol.dispose]();
      source[Symbol.dispose]();
    },
  };
}

/** Each once for as long as it lasts. */
function logProblems(log: Logger, problems: readonly SourceProblem[], known: Set<string>): void {
  const now = new Set(problems.map(({ message }) => message));
  for (const { severity, code, message, object } of problems)
    if (!known.has(message)) log[severity === "error" ? "error" : "warn"]({ code, object }, message);
  known.clear();
  for (const message of now) known.add(message);
}
