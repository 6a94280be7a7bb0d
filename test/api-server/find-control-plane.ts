/**
 * Finds what the tests against a real API server need: the binary (TRILITH_CLUSTER_BINARY), and the CRDs, which Go's module cache
 * has. Tests read the result with `inject`. Without them they fail in CI, and are skipped aloud elsewhere.
 */
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined` where the tests cannot run and need not. */
    controlPlane: { readonly binary: string; readonly crds: string } | undefined;
  }
}

const MODULE = "sigs.k8s.io/gateway-api@v1.7.0";

export async function setup(project: TestProject): Promise<void> {
  const binary = process.env["TRILITH_CLUSTER_BINARY"];
  if (binary !== undefined) {
    project.provide("controlPlane", { binary, crds: join(await moduleDirectory(), "config/crd/experimental") });
    return;
  }
  const loss = "TRILITH_CLUSTER_BINARY does not say where etcd and the API server are";
  if (!["", "0", "false"].includes(process.env["CI"] ?? "")) throw new Error(loss);
  process.stderr.write(`\n*** ${loss}.\n*** The tests under test/api-server are SKIPPED.\n\n`);
  project.provide("controlPlane", undefined);
}

async function moduleDirectory(): Promise<string> {
  const env = { ...process.env, GOTOOLCHAIN: "auto", GOFLAGS: "-mod=mod", GOWORK: "off" };
  const { stdout } = await promisify(execFile)("go", ["mod", "download", "-json", MODULE], { cwd: tmpdir(), env });
  return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
}
