/**
 * `make test`: the checks, then every rung of the test ladder, then each failure once more, and the runner's sum as the last
 * line. In CI (CI=true) no rung may be skipped; elsewhere, a rung that cannot run says so.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { provideEnvoy } from "./provide-envoy.ts";

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  /** Why the file itself failed, where it did: an import, a hook. */
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
}

/** The rungs, from the bottom. Those with an Envoy and clients of their own run their files one after the other. */
const rungs = [
  { project: "unit", isSerial: false },
  { project: "golden", isSerial: false },
  { project: "schema", isSerial: false },
  { project: "oracle", isSerial: true },
  { project: "install", isSerial: true },
  { project: "conformance", isSerial: true },
  { project: "end-to-end", isSerial: true },
  { project: "api-server", isSerial: true },
  { project: "conformance-cluster", isSerial: true },
];
const folder = mkdtempSync(join(tmpdir(), "trilith-test-"));

function run(command: string, args: readonly string[]): boolean {
  console.log(`\n▸ ${command} ${args.join(" ")}`);
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}

/** Of one test, in the sum at the end. */
const MOST_LINES = 100;
const STACK = /^\s+at /;
const nothingRun: VitestResults = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] };

/** What failed in a file, and what is known of why: its tests, or the file itself where none of them did. */
function failuresOf({ name, status, message, assertionResults }: FileResult): string[] {
  const told = (what: string, whys: readonly string[]): string => {
    const lines = whys.flatMap((why) => why.split("\n").filter((line) => line.trim() !== "" && !STACK.test(line)));
    return [`  ${what}`, ...lines.slice(0, MOST_LINES).map((line) => `    ${line}`)].join("\n");
  };
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0) return status === "failed" ? [told(file, [message])] : [];
  return failed.map(({ fullName, failureMessages }) => told(`${file}: ${fullName}`, failureMessages));
}

function runRung({ project, isSerial }: (typeof rungs)[number]): {
  readonly ok: boolean;
  readonly results: VitestResults;
} {
  const file = join(folder, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const ok = run("vitest", ["run", "--project", project, ...(isSerial ? ["--no-file-parallelism"] : []), ...reporters]);
  const results = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as VitestResults) : nothingRun;
  return { ok: ok && results.numPassedTests > 0, results };
}

try {
  await provideEnvoy();
  const isChecked = run("node", ["tools/check.ts", "--without-tests"]);
  const results = rungs.map(runRung);
  const sum = (count: (results: VitestResults) => number): number =>
    results.reduce((total, { results }) => total + count(results), 0);
  const skipped = sum((results) => results.numPendingTests);
  const failures = results.flatMap(({ results }) => results.testResults.flatMap(failuresOf));
  if (failures.length > 0) console.error(`\nmake test: what failed\n${failures.join("\n")}`);
  const isComplete = skipped === 0 || process.env["CI"] !== "true";
  if (!isChecked) console.error("\nmake test: the checks above failed");
  if (!isComplete) console.error(`\nmake test: ${skipped} tests were skipped, which CI does not allow`);
  if (!isChecked || !isComplete || results.some(({ ok }) => !ok)) process.exitCode = 1;
  console.log(
    `\n${sum((results) => results.numPassedTests)} passed, ${sum((results) => results.numFailedTests)} failed, ${skipped} skipped`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
