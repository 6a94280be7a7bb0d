/**
 * Load on one listener of loopback: many requests over a few connections that stay open, as fast as they are answered.
 *
 * wrk does it where it is installed. A generator in JavaScript is slower than Envoy, so it does not show how much Envoy can
 * do; what it shows is the processor time that Envoy takes for a request, which does not depend on who sends it.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { processorSeconds } from "./process-usage.ts";

export interface LoadRequest {
  readonly path: string;
  readonly header?: { readonly name: string; readonly value: string };
}

export interface Load {
  readonly port: number;
  readonly host: string;
  /** Sent in turn. */
  readonly requests: readonly LoadRequest[];
  readonly seconds: number;
}

export interface LoadAnswer {
  readonly requestsPerSecond: number;
  /** At full load, so that it says how long a queue of all connections takes. Absent: the generator cannot tell. */
  readonly p99Ms?: number;
}

export interface LoadGenerator {
  readonly description: string;
  /** Whether requests per second say what Envoy can do, and not what the generator can. */
  readonly saturates: boolean;
  run(load: Load): Promise<LoadAnswer>;
}

export interface Measured extends LoadAnswer {
  /** Of the proxy, for a request, in microseconds. */
  readonly processorMicroseconds: number;
}

const CONNECTIONS = 16;
const execute = promisify(execFile);

export function findLoadGenerator(): LoadGenerator {
  if (isInstalled("wrk")) return { description: "wrk", saturates: true, run: runWrk };
  return {
    description: "a generator of the bench's own, since wrk is not installed (apt-get install wrk): no p99",
    saturates: false,
    run: runOwn,
  };
}

/** The proxy has the last processor, where there are several (see pinToLastProcessor), and wrk the first. */
export async function measureLoad(generator: LoadGenerator, proxyPid: number, load: Load): Promise<Measured> {
  const before = processorSeconds(proxyPid);
  const began = performance.now();
  const answer = await generator.run(load);
  const seconds = (performance.now() - began) / 1000;
  const used = processorSeconds(proxyPid) - before;
  // Most of the rest of `seconds` is the generator's own start, when nothing is sent.
  const requests = answer.requestsPerSecond * Math.min(load.seconds, seconds);
  return { ...answer, processorMicroseconds: (used / requests) * 1e6 };
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const canPin = (): boolean => availableParallelism() > 1 && isInstalled("taskset");

async function runWrk({ port, host, requests, seconds }: Load): Promise<LoadAnswer> {
  const folder = mkdtempSync(join(tmpdir(), "trilith-bench-"));
  try {
    const script = join(folder, "requests.lua");
    writeFileSync(script, wrkScript(host, requests));
    const options = ["-t", "1", "-c", String(CONNECTIONS), "-d", `${seconds}s`, "--latency", "-s", script];
    const [program, ...before] = canPin() ? ["taskset", "-c", "0", "wrk"] : ["wrk"];
    const { stdout } = await execute(program ?? "wrk", [...before, ...options, `http://127.0.0.1:${port}/`]);
    const problem = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(stdout);
    if (problem) throw new Error(`wrk: ${problem[0]}`);
    const [, rate = "", , p99 = "", unit = ""] =
      /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.concat(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []) ?? [];
    return {
      requestsPerSecond: Number(rate),
      p99Ms: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Requests are written before the clock starts, so that Lua only hands them out. */
function wrkScript(host: string, requests: readonly LoadRequest[]): string {
  const lines = requests.map(({ path, header }) => {
    const more = header ? `, [${JSON.stringify(header.name)}] = ${JSON.stringify(header.value)}` : "";
    return `  wrk.format("GET", ${JSON.stringify(path)}, { ["Host"] = ${JSON.stringify(host)}${more} }),`;
  });
  return `local requests, count, last
init = function(arguments)
  requests = {
${lines.join("\n")}
  }
  count, last = #requests, 0
end
request = function()
  last = last % count + 1
  return requests[last]
end
`;
}

async function runOwn(load: Load): Promise<LoadAnswer> {
  const program = join(import.meta.dirname, "plain-load.ts");
  const child = execute(process.execPath, [program], { maxBuffer: 1 << 20 });
  child.child.stdin?.end(JSON.stringify({ ...load, connections: CONNECTIONS }));
  const { stdout } = await child;
  return JSON.parse(stdout) as LoadAnswer;
}
