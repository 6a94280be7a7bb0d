/**
 * Whether a test cluster can run here: it needs root, Debian's container packages, Go and a C compiler. In CI it must. Where it can,
 * Kubernetes is built first, which takes longer than a test may wait for.
 */
import { spawnSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { kubernetes } from "../../tools/cluster-programs.ts";
import { provideProgram } from "../../tools/provide-program.ts";
import { tell } from "../support/tell.ts";
import { missingPackages } from "./test-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    canRunCluster: boolean;
  }
}

export function setup(project: TestProject): void {
  const problem = whyNoCluster();
  project.provide("canRunCluster", problem === undefined);
  if (problem === undefined) {
    provideProgram(kubernetes, tell);
    return;
  }
  if (!["", "0", "false"].includes(process.env["CI"] ?? "")) throw new Error(problem);
  tell(`\n*** ${problem}.\n*** The tests in a real Kubernetes are SKIPPED.\n`);
}

/** Installs what is missing first; undefined where a cluster can run. */
export function whyNoCluster(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can make a network namespace and run containers";
  if (missingPackages().length > 0) installPackages();
  const missing = missingPackages();
  return missing.length > 0 ? `these packages are missing: ${missing.join(" ")}` : undefined;
}

/** On a Debian that has apt; what it says is only of interest where packages are still missing afterwards. */
function installPackages(): void {
  tell(`installing ${missingPackages().join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = (): boolean =>
    spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missingPackages()], { env }).status ===
    0;
  if (!install() && spawnSync("apt-get", ["update", "-q"], { env }).status === 0) install();
}
