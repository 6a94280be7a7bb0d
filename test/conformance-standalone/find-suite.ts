/**
 * Finds the manifests of the official conformance tests (the Go module sigs.k8s.io/gateway-api/conformance) in Go's module
 * cache, where Go puts them on first use, and looks whether low ports can be bound, which the manifests want. Tests read the
 * result with `inject("conformanceSuite")`. Without Go they fail in CI, and are skipped aloud elsewhere.
 */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { CONFORMANCE_MODULE } from "../../tools/cluster-programs.ts";
import { moduleFolder } from "../../tools/provide-program.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The module's directory; `undefined` where the tests cannot run and need not. */
    conformanceSuite: string | undefined;
    /** What is added to ports below 1024: 0 where they can be bound. */
    conformancePortShift: number;
  }
}

const run = promisify(execFile);

export async function setup(project: TestProject): Promise<void> {
  project.provide("conformancePortShift", (await mayBind(80)) ? 0 : 20_000);
  if (await hasGo()) {
    project.provide("conformanceSuite", moduleFolder(CONFORMANCE_MODULE));
    return;
  }
  const loss = "Go is not on the PATH: it fetches the manifests of the official conformance tests";
  if (!["", "0", "false"].includes(process.env["CI"] ?? "")) throw new Error(loss);
  process.stderr.write(`\n*** ${loss}.\n*** The tests under test/conformance-standalone are SKIPPED.\n\n`);
  project.provide("conformanceSuite", undefined);
}

async function hasGo(): Promise<boolean> {
  return await run("go", ["version"]).then(
    () => true,
    () => false,
  );
}

function mayBind(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host: "127.0.80.80", port }, () => server.close(() => resolve(true)));
  return promise;
}
