/** Starts a real Envoy that serves a fixed configuration, without a control plane. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface StaticEnvoy {
  stop(): Promise<void>;
}

/** As the bootstrap that Trilith gives its proxies: headers that come twice are one list, and expressions may be long. */
const runtime = {
  "envoy.reloadable_features.match_headers_individually": false,
  "re2.max_program_size.error_level": 32_768,
  "re2.max_program_size.warn_level": 32_768,
};

/** Resolves when its listeners serve; rejects with its log when it refuses the configuration. */
export async function startStaticEnvoy(binary: string, bootstrap: object): Promise<StaticEnvoy> {
  const directory = mkdtempSync(join(tmpdir(), "trilith-static-"));
  const path = join(directory, "bootstrap.json");
  const layers = { layeredRuntime: { layers: [{ name: "test", staticLayer: runtime }] } };
  writeFileSync(path, JSON.stringify({ ...bootstrap, ...layers }));
  const args = ["-c", path, "--use-dynamic-base-id", "--concurrency", "1", "-l", "info", "--log-format", "%v"];
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("starting main dispatch loop")) resolve();
    });
    void exited.then(() => reject(new Error(`Envoy ended:\n${log.slice(-3000)}`)));
  });
  return {
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}
