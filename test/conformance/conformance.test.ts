/**
 * The official conformance suite of the Gateway API against Trilith in a real Kubernetes: the five Gateway profiles, with all
 * features that the GatewayClass's status claims. Each of the suite's tests is one here; nothing is left out but what needs a
 * mesh. The report that the suite writes is kept in docs/conformance (`make conformance`).
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { conformanceSuite } from "../../tools/cluster-programs.ts";
import { provideProgram } from "../../tools/provide-program.ts";
import type { TestCluster } from "../cluster/test-cluster.ts";
import { startTrilithCluster } from "../cluster/trilith-cluster.ts";

const PROFILES = ["GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS", "GATEWAY-TCP", "GATEWAY-UDP"];
/** Of v1.7.0, without the 23 that need a mesh. */
const GATEWAY_TESTS = 147;
const OPTIONS = `usableNetworkAddresses: [{type: IPAddress, value: 10.99.0.200}]
unusableNetworkAddresses: [{type: IPAddress, value: 203.0.113.77}]
`;

interface SuiteRun {
  /** By test: what the suite says of it. */
  readonly verdicts: ReadonlyMap<string, "PASS" | "FAIL" | "SKIP">;
  readonly log: string;
  readonly report: string;
}

let cluster: TestCluster | undefined;
const suite: SuiteRun | undefined = inject("canRunCluster") ? await runSuite() : undefined;

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

async function runSuite(): Promise<SuiteRun> {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const binary = provideProgram(conformanceSuite, tell);
  cluster = await startTrilithCluster(tell);
  const folder = mkdtempSync(join(tmpdir(), "trilith-conformance-"));
  const report = join(folder, "report.yaml");
  writeFileSync(join(folder, "options.yaml"), OPTIONS);
  tell(`the suite runs, which takes about ten minutes; its log: ${folder}/log`);
  const flags = {
    "test.timeout": "40m",
    "test.v": "true",
    "conformance-options-file": join(folder, "options.yaml"),
    "gateway-class": "trilith",
    "conformance-profiles": PROFILES.join(","),
    "allow-crds-mismatch": "true",
    organization: "trilith",
    project: "trilith",
    url: "https://trilith.dev",
    version: "0.1.0",
    contact: "https://trilith.dev",
    "report-output": report,
  };
  const args = Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
  const running = cluster.start("sh", ["-c", `exec "$0" "$@" >${folder}/log 2>&1`, binary, ...args]);
  await new Promise((resolve) => running.once("exit", resolve));
  const log = readFileSync(join(folder, "log"), "utf8");
  return { verdicts: verdictsOf(log), log, report: readFileSync(report, "utf8") };
}

/** The suite's own lines about its tests, which it indents by four. */
function verdictsOf(log: string): SuiteRun["verdicts"] {
  const lines = log.matchAll(/^ {4}--- (PASS|FAIL|SKIP): TestConformance\/(\w+) /gm);
  return new Map(
    [...lines].flatMap(([, verdict, name]) => (name ? [[name, verdict as "PASS" | "FAIL" | "SKIP"]] : [])),
  );
}

const needsMesh = (name: string): boolean => name.startsWith("Mesh");

test.skipIf(suite === undefined)("the suite runs all of its Gateway tests", () => {
  const ran = [...(suite?.verdicts ?? [])].filter(([name, verdict]) => !needsMesh(name) && verdict !== "SKIP");
  expect(ran.length).toBe(GATEWAY_TESTS);
});

test.skipIf(suite === undefined)("its report says that every profile succeeds, with every feature", () => {
  const results = [...(suite?.report ?? "").matchAll(/result: (\w+)/g)].map(([, result]) => result);
  // Of each profile's core, and of its extended features.
  expect(results).toEqual(PROFILES.flatMap(() => ["success", "success"]));
  if (process.env["KEEP_CONFORMANCE_REPORT"] && suite !== undefined)
    writeFileSync(join(import.meta.dirname, "..", "..", "docs", "conformance", "v1.7.0.yaml"), suite.report);
});

const gatewayTests = [...(suite?.verdicts.keys() ?? [])].filter((name) => !needsMesh(name));

test.skipIf(suite === undefined).each(gatewayTests.length === 0 ? ["nothing"] : gatewayTests)("%s", (name) => {
  expect(suite?.verdicts.get(name), linesAbout(name, suite?.log ?? "")).toBe("PASS");
});

/** The end of what the suite's log says of a test. */
function linesAbout(name: string, log: string): string {
  const start = log.indexOf(`=== RUN   TestConformance/${name}\n`);
  return start === -1 ? "" : log.slice(start, start + 6_000);
}
