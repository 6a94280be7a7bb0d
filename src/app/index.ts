/**
 * The program: rooms wired together, as `serve`, as `controller`, as `node` and as `check`. What one of them is made of is loaded when it
 * is called: a process is only ever one of them, and keeps in memory whatever it has loaded.
 */
import type { ApiClient } from "../kubernetes/index.ts";
import type { CheckClusterOptions, CheckClusterResult } from "./check-cluster.ts";
import type { CheckResult } from "./check-files.ts";
import type { Controller } from "./controller.ts";
import type { ControllerOptions } from "./controller-options.ts";
import type { NodeAgent, NodeAgentOptions } from "./node-agent.ts";
import type { Standalone, StandaloneOptions } from "./standalone.ts";

export type { CheckClusterOptions, CheckClusterResult } from "./check-cluster.ts";
export type { CheckResult } from "./check-files.ts";
export type { Controller } from "./controller.ts";
export type { ControllerOptions } from "./controller-options.ts";
export type { ShownProxy } from "./describe-proxies.ts";
export type { ShownResource } from "./describe-resources.ts";
export type { Diagnostic } from "./diagnosis.ts";
export type { NodeAgent, NodeAgentOptions } from "./node-agent.ts";
export type { Standalone, StandaloneOptions } from "./standalone.ts";

export const checkCluster = async (client: ApiClient, options: CheckClusterOptions): Promise<CheckClusterResult> =>
  (await import("./check-cluster.ts")).checkCluster(client, options);

export const checkFiles = async (paths: readonly string[], className: string): Promise<CheckResult> =>
  (await import("./check-files.ts")).checkFiles(paths, className);

export const startController = async (options: ControllerOptions): Promise<Controller> =>
  (await import("./controller.ts")).startController(options);

export const startNodeAgent = async (options: NodeAgentOptions): Promise<NodeAgent> =>
  (await import("./node-agent.ts")).startNodeAgent(options);

export const startStandalone = async (options: StandaloneOptions): Promise<Standalone> =>
  (await import("./standalone.ts")).startStandalone(options);
