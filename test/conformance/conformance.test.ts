/**
 * The official conformance suite of the Gateway API against Trilith in a real Kubernetes: all seven profiles, with all features that
 * the statuses of the GatewayClass and the XMesh claim, in namespaces that are in the mesh; and all of it once more with pods outside
 * the mesh behind every Service, which proxies speak to in plain text. Each of the suite's tests is one here; nothing is left
 * out. The report that the suite writes of the first run is kept in docs/conformance (`make conformance`).
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { MESH_FEATURES } from "../../src/app/supported-features.ts";
import { MESH_LABEL } from "../../src/mesh/index.ts";
import { conformanceSuite } from "../../tools/cluster-programs.ts";
import { provideProgram } from "../../tools/provide-program.ts";
import { tell } from "../support/tell.ts";
import { writeFormatted } from "../support/write-formatted.ts";
import type { TestCluster } from "../cluster/test-cluster.ts";
import { startTrilithCluster } from "../cluster/trilith-cluster.ts";

interface Run {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  /** The file of docs/conformance that is its report. */
  readonly report?: string;
}

const PROFILES = "GATEWAY-HTTP,GATEWAY-GRPC,GATEWAY-TLS,GATEWAY-TCP,GATEWAY-UDP,MESH-HTTP,MESH-GRPC";
/** Of v1.7.0. */
const TESTS = 170;
/** Of each profile's core, and of its extended features, where it has tests of these. */
const RESULTS = 13;
const IN_MESH = { "mesh-name": "trilith", "namespace-labels": `${MESH_LABEL}=enabled` };
const RUNS: readonly Run[] = [
  { name: "every pod in the mesh", flags: IN_MESH, report: "v1.7.0.yaml" },
  {
    name: "half of every backend's pods outside the mesh",
    flags: { ...IN_MESH, "half-outside": `${MESH_LABEL}=disabled` },
  },
];
const OPTIONS = `usableNetworkAddresses: [{type: IPAddress, value: 10.99.0.200}]
unusableNetworkAddresses: [{type: IPAddress, value: 203.0.113.77}]
`;

interface SuiteRun {
  /** By test: what the suite says of it. */
  readonly verdicts: ReadonlyMap<string, "PASS" | "FAIL">;
  readonly log: string;
  readonly report: string;
}

let cluster: TestCluster | undefined;
const suite: ReadonlyMap<string, SuiteRun> = inject("canRunCluster") ? await runSuite() : new Map<string, SuiteRun>();

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

async function runSuite(): Promise<ReadonlyMap<string, SuiteRun>> {
  const binary = provideProgram(conformanceSuite, tell);
  const started = await startTrilithCluster(tell);
  cluster = started;
  const done = new Map<string, SuiteRun>();
  for (const run of RUNS) done.set(run.name, await runOnce(run, { cluster: started, binary, tell }));
  return done;
}

interface SuiteTools {
  readonly cluster: TestCluster;
  readonly binary: string;
  readonly tell: (line: string) => void;
}

async function runOnce({ name, flags }: Run, { cluster: on, binary, tell }: SuiteTools): Promise<SuiteRun> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-conformance-"));
  const report = join(folder, "report.yaml");
  writeFileSync(join(folder, "options.yaml"), OPTIONS);
  tell(`the suite runs with ${name}; its log: ${folder}/log`);
  const all = {
    "test.timeout": "40m",
    "test.v": "true",
    "conformance-options-file": join(folder, "options.yaml"),
    "gateway-class": "trilith",
    "conformance-profiles": PROFILES,
    "allow-crds-mismatch": "true",
    // The next run has use for them, and then the whole cluster goes.
    "cleanup-base-resources": "false",
    organization: "trilith",
    project: "trilith",
    url: "https://trilith.dev",
    version: "0.1.0",
    contact: "https://trilith.dev",
    "report-output": report,
    ...flags,
  };
  const args = Object.entries(all).map(([flag, value]) => `-${flag}=${value}`);
  const running = on.start("sh", ["-c", `exec "$0" "$@" >${folder}/log 2>&1`, binary, ...args]);
  await new Promise((resolve) => running.once("exit", resolve));
  const log = readFileSync(join(folder, "log"), "utf8");
  return { verdicts: verdictsOf(log), log, report: readFileSync(report, "utf8") };
}

/** The suite's own lines about its tests, which it indents by four. */
function verdictsOf(log: string): SuiteRun["verdicts"] {
  const lines = log.matchAll(/^ {4}--- (PASS|FAIL): TestConformance\/(\w+) /gm);
  return new Map([...lines].flatMap(([, verdict, name]) => (name ? [[name, verdict as "PASS" | "FAIL"]] : [])));
}

describe.skipIf(suite.size === 0).each(RUNS)("$name", ({ name, report }) => {
  const run = suite.get(name);

  test("the suite runs all of its tests", () => {
    expect(run?.verdicts.size).toBe(TESTS);
  });

  test("its report says that every profile succeeds, with every feature", async () => {
    const stated = [...(run?.report ?? "").matchAll(/result: (\w+)/g)].map(([, result]) => result);
    expect(stated).toEqual(Array.from({ length: RESULTS }, () => "success"));
    if (process.env["KEEP_CONFORMANCE_REPORT"] && run !== undefined && report !== undefined)
      await writeFormatted(join(import.meta.dirname, "..", "..", "docs", "conformance", report), run.report);
  });

  const names = [...(run?.verdicts.keys() ?? [])];
  test.each(names.length === 0 ? ["nothing"] : names)("%s", (test) => {
    expect(run?.verdicts.get(test), linesAbout(test, run?.log ?? "")).toBe("PASS");
  });
});

test.skipIf(suite.size === 0)("the XMesh's status claims what the suite has tested", () => {
  const features = cluster?.kubectl(["get", "xmesh", "trilith", "-o", "jsonpath={.status.supportedFeatures[*].name}"]);
  expect(features?.output.trim().split(" ")).toEqual(MESH_FEATURES);
});

/** The end of what the suite's log says of a test. */
function linesAbout(name: string, log: string): string {
  const start = log.indexOf(`=== RUN   TestConformance/${name}\n`);
  return start === -1 ? "" : log.slice(start, start + 6_000);
}
