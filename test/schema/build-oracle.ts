/**
 * Builds the schema oracle (`oracle/`, a Go program) once before the tests of this folder, and finds the CRDs and
 * examples of the Gateway API release that its go.mod pins in Go's module cache. Tests read the result with
 * `inject("schemaOracle")`. Without Go on the PATH there is nothing to hold our schemas against: that fails in CI
 * and is said aloud elsewhere.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, mkdir, readFile, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

/** Where the built oracle and the release it speaks for are. */
export interface BuiltOracle {
  readonly binary: string;
  /** The directory of the module sigs.k8s.io/gateway-api: `config/crd`, `examples`, `hack/invalid-examples`. */
  readonly gatewayApi: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined` where Go is missing and that is allowed. */
    schemaOracle: BuiltOracle | undefined;
  }
}

const sources = join(import.meta.dirname, "oracle");
const run = promisify(execFile);

export async function setup(project: TestProject): Promise<void> {
  if (await hasGo()) {
    project.provide("schemaOracle", { binary: await buildOracle(), gatewayApi: await findGatewayApi() });
    return;
  }
  const loss = "Go is not on the PATH: our schemas cannot be held against Kubernetes' own validation";
  if (isContinuousIntegration()) throw new Error(loss);
  process.stderr.write(`\n*** ${loss}.\n*** The tests under test/schema are SKIPPED.\n\n`);
  project.provide("schemaOracle", undefined);
}

function isContinuousIntegration(): boolean {
  return !["", "0", "false"].includes(process.env["CI"] ?? "");
}

async function hasGo(): Promise<boolean> {
  return go("version").then(
    () => true,
    (problem: unknown) => {
      if (problem instanceof Error && "code" in problem && problem.code === "ENOENT") return false;
      throw problem;
    },
  );
}

/** GOTOOLCHAIN=auto lets go.mod choose the compiler: distributions set it to `local`, whose Go may be too old. */
async function go(...parameters: readonly string[]): Promise<string> {
  const { stdout } = await run("go", parameters, {
    cwd: sources,
    env: { ...process.env, GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly", GOWORK: "off" },
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** The binary is named by the hash of its sources, so that one in the cache is never out of date. */
async function buildOracle(): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "trilith", "schema-oracle", await hashOfSources());
  const binary = join(folder, "schema-oracle");
  if (existsSync(binary)) return binary;
  process.stderr.write("building the schema oracle (once; about a minute) …\n");
  await mkdir(folder, { recursive: true });
  const unfinished = `${binary}.${String(process.pid)}`;
  await go("build", "-buildvcs=false", "-trimpath", "-o", unfinished, ".");
  await rename(unfinished, binary);
  return binary;
}

async function hashOfSources(): Promise<string> {
  const hash = createHash("sha256");
  const files = await Array.fromAsync(glob(["*.go", "go.mod", "go.sum"], { cwd: sources }));
  for (const file of files.toSorted()) {
    hash.update(`${file}\n`).update(await readFile(join(sources, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

async function findGatewayApi(): Promise<string> {
  const answer: unknown = JSON.parse(await go("mod", "download", "-json", "sigs.k8s.io/gateway-api"));
  if (typeof answer === "object" && answer !== null && "Dir" in answer && typeof answer.Dir === "string") {
    return answer.Dir;
  }
  throw new Error("go mod download does not say where sigs.k8s.io/gateway-api is");
}
