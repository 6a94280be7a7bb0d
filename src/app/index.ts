/** The program: rooms wired together, as `serve` and as `check`. */
export { checkCluster } from "./check-cluster.ts";
export type { CheckClusterOptions, CheckClusterResult } from "./check-cluster.ts";
export { checkFiles } from "./check-files.ts";
export type { CheckResult } from "./check-files.ts";
export { startController } from "./controller.ts";
export type { Controller, ControllerOptions } from "./controller.ts";
export type { ShownResource } from "./describe-resources.ts";
export type { Diagnostic } from "./diagnosis.ts";
export { startStandalone } from "./standalone.ts";
export type { Standalone, StandaloneOptions } from "./standalone.ts";
