/** Which official tests run at the same time as others, in one cluster, and the manifests of all of these. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface ParallelTests {
  readonly names: ReadonlySet<string>;
  /** File names without extension. */
  readonly files: readonly string[];
}

/**
 * Left out: two whose addresses are given to the suite by who runs it, or are those of everybody, and three whose ReferenceGrants
 * permit what others of these tests expect to be refused, so that it depends on luck what the suite sees of them.
 */
const ALONE: readonly string[] = [
  "gateway-static-addresses",
  "gateway-optional-address-value",
  "gateway-secret-reference-grant-all-in-namespace",
  "gateway-secret-reference-grant-specific",
  "listenerset-reference-grant",
];

export function parallelTests(suite: string): ParallelTests {
  const folder = join(suite, "tests");
  const sources = globSync("*.go", { cwd: folder }).map((file) => readFileSync(join(folder, file), "utf8"));
  const tests = sources
    .flatMap((source) => source.split(/ConformanceTest\{$/m).slice(1))
    .filter((text) => /^\s*Parallel:\s+true/m.test(text));
  const names = tests.map((text) => /ShortName:\s+"(\w+)"/.exec(text)?.[1] ?? "");
  const files = tests.flatMap((text) => [...text.matchAll(/"tests\/([\w-]+)\.yaml"/g)].map(([, file = ""]) => file));
  return { names: new Set(names), files: files.filter((file) => !ALONE.includes(file)) };
}
