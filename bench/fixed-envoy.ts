/**
 * An Envoy with a fixed configuration and a processor of its own, for load: no control plane moves while it is measured. The
 * limits are those of Trilith's own bootstrap where they matter to routing.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const runtime = {
  "envoy.reloadable_features.match_headers_individually": false,
  "re2.max_program_size.error_level": 8192,
  "re2.max_program_size.warn_level": 8192,
};

export class FixedEnvoy implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** Resolves when its listener serves; rejects with what Envoy says where it refuses the configuration. */
  static async start(binary: string, port: number, bootstrap: object): Promise<FixedEnvoy> {
    const folder = mkdtempSync(join(tmpdir(), "trilith-bench-"));
    const file = join(folder, "bootstrap.json");
    const layeredRuntime = { layers: [{ name: "bench", staticLayer: runtime }] };
    writeFileSync(file, JSON.stringify({ ...bootstrap, layeredRuntime }));
    const options = ["-c", file, "--use-dynamic-base-id", "--concurrency", "1", "-l", "info", "--log-format", "%v"];
    const child = spawn(binary, options, { stdio: ["ignore", "ignore", "pipe"] });
    try {
      await serving(child);
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
    const envoy = new FixedEnvoy(port, child, folder);
    pinToLastProcessor(envoy.pid);
    return envoy;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}

async function serving(child: ChildProcess): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`Envoy ended:\n${log.slice(-3000)}`)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (log.length < 100_000) log += text;
      if (log.includes("starting main dispatch loop")) resolve();
    });
  });
}

/** Keeps a process, with all of its threads, on the last processor, where there are several and the system can. */
export function pinToLastProcessor(pid: number): void {
  if (availableParallelism() < 2) return;
  try {
    execFileSync("taskset", ["-a", "-p", "-c", String(availableParallelism() - 1), String(pid)], { stdio: "ignore" });
  } catch {
    // Without taskset the scheduler decides, for all variants alike.
  }
}
