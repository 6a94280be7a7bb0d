/**
 * Finds what the tests against a real API server need: the program, which is built once, and the CRDs, which Go's module cache
 * has. Tests read the result with `inject`. Without Go they fail in CI, and are skipped aloud elsewhere.
 */
import { spawnSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { gatewayApiDefinitions, kubernetes } from "../../tools/cluster-programs.ts";
import { provideProgram } from "../../tools/provide-program.ts";
import { tell } from "../support/tell.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined` where the tests cannot run and need not. */
    controlPlane: { readonly binary: string; readonly crds: string } | undefined;
  }
}

export function setup(project: TestProject): void {
  if (spawnSync("go", ["version"]).status === 0) {
    project.provide("controlPlane", { binary: provideProgram(kubernetes, tell), crds: gatewayApiDefinitions() });
    return;
  }
  const loss = "Go is not on the PATH, so that no API server can be built";
  if (!["", "0", "false"].includes(process.env["CI"] ?? "")) throw new Error(loss);
  tell(`\n*** ${loss}.\n*** The tests under test/api-server are SKIPPED.\n`);
  project.provide("controlPlane", undefined);
}
