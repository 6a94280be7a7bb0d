/**
 * `make test`: the checks, then every rung of the test ladder, and the runner's sum as the last line. In CI (CI=true) no rung
 * may be skipped; elsewhere, a rung that cannot run says so.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provideEnvoy } from "./provide-envoy.ts";

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
}

const projects = ["unit", "golden", "schema", "oracle", "end-to-end"];
const folder = mkdtempSync(join(tmpdir(), "trilith-test-"));

function run(command: string, args: readonly string[]): boolean {
  console.log(`\n▸ ${command} ${args.join(" ")}`);
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}

/** Rungs run one after the other: those with an Envoy and a clock of their own must not compete with the rest. */
function runRung(project: string): { readonly ok: boolean; readonly results: VitestResults } {
  const file = join(folder, `${project}.json`);
  const ok = run("vitest", [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  return { ok, results: JSON.parse(readFileSync(file, "utf8")) as VitestResults };
}

try {
  await provideEnvoy();
  const isChecked = run("node", ["tools/check.ts", "--without-tests"]);
  const rungs = projects.map(runRung);
  const sum = (count: (results: VitestResults) => number): number =>
    rungs.reduce((total, { results }) => total + count(results), 0);
  const skipped = sum((results) => results.numPendingTests);
  const isComplete = skipped === 0 || process.env["CI"] !== "true";
  if (!isChecked) console.error("\nmake test: the checks above failed");
  if (!isComplete) console.error(`\nmake test: ${skipped} tests were skipped, which CI does not allow`);
  if (!isChecked || !isComplete || rungs.some(({ ok }) => !ok)) process.exitCode = 1;
  console.log(
    `\n${sum((results) => results.numPassedTests)} passed, ${sum((results) => results.numFailedTests)} failed, ${skipped} skipped`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
