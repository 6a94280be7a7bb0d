/** A cluster with Trilith in it for the tests of one file: there before the first, and gone after the last. */
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { tell } from "../support/tell.ts";
import { describeCluster } from "./describe-cluster.ts";
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
  /** The lines of a workload's sidecar: of `deploy/name`, or of a pod. */
  readonly sidecarLog: (namespace: string, workload: string, ...options: readonly string[]) => string[];
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
    sidecarLog: (namespace, workload, ...options) =>
      kubectl(inUse(), ["-n", namespace, "logs", workload, "-c", "trilith-proxy", ...options]).split("\n"),
    untilRolledOut: (...workloads) => {
      for (const [namespace, workload] of workloads)
        kubectl(inUse(), ["-n", namespace, "rollout", "status", workload, "--timeout=180s"]);
    },
  };
  beforeAll(async () => {
    if (!inject("canRunCluster")) return;
    running = await startTrilithCluster(tell, wishes);
    await prepare(used);
  }, withinMs);
  // As an error of its own, since only those come into the runner's sum.
  afterEach(({ task }) => {
    if (running && task.result?.state === "fail")
      throw new Error(`the cluster after that:\n${describeCluster(running)}`);
  });
  afterAll(async () => await running?.[Symbol.asyncDispose]());
  return used;
}
