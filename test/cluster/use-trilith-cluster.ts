/** A cluster with Trilith in it for the tests of one file: there before the first, and gone after the last. */
import { afterAll, beforeAll, inject } from "vitest";
import { applyObjects, kubectl } from "./kubectl.ts";
import type { TestCluster } from "./test-cluster.ts";
import { startTrilithCluster, type TrilithWishes } from "./trilith-cluster.ts";

/** Only during tests and `prepare`. */
export interface UsedCluster {
  readonly cluster: TestCluster;
  /** What it prints. Throws where it fails. */
  readonly kubectl: (...args: readonly string[]) => string;
  /** Throws where the API server refuses one of them. */
  readonly apply: (...objects: readonly object[]) => void;
  /** Waits until the pods of a workload are as they are wanted: `[namespace, "deployment/name"]`. */
  readonly untilRolledOut: (...workloads: readonly (readonly [namespace: string, workload: string])[]) => void;
}

export interface ClusterWishes extends TrilithWishes {
  /** For the start and `prepare`. */
  readonly withinMs?: number;
}

/** Nothing is started where no cluster can run; tests skip themselves then. */
export function useTrilithCluster(
  prepare: (used: UsedCluster) => void | Promise<void>,
  { withinMs = 240_000, ...wishes }: ClusterWishes = {},
): UsedCluster {
  let running: TestCluster | undefined;
  const inUse = (): TestCluster => {
    if (running === undefined) throw new Error("the cluster is not up yet");
    return running;
  };
  const used: UsedCluster = {
    get cluster() {
      return inUse();
    },
    kubectl: (...args) => kubectl(inUse(), args),
    apply: (...objects) => applyObjects(inUse(), objects),
    untilRolledOut: (...workloads) => {
      for (const [namespace, workload] of workloads)
        kubectl(inUse(), ["-n", namespace, "rollout", "status", workload, "--timeout=180s"]);
    },
  };
  beforeAll(async () => {
    if (!inject("canRunCluster")) return;
    running = await startTrilithCluster((line) => void process.stderr.write(`${line}\n`), wishes);
    await prepare(used);
  }, withinMs);
  afterAll(async () => await running?.[Symbol.asyncDispose]());
  return used;
}
