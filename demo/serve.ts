/** `bin/trilith serve` as a child, as a user would run it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const trilith = join(import.meta.dirname, "..", "bin", "trilith");
const ADMIN = "127.0.0.1:19000";
const READY_WITHIN_MS = 180_000;

export interface Serve {
  readonly admin: string;
  /** What `trilith` prints for a command about the running one. */
  ask(...command: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** `more`: options of `trilith serve`. */
export async function startServe(files: string, stateDirectory: string, more: readonly string[] = []): Promise<Serve> {
  const args = [
    "serve",
    files,
    "--bind",
    "127.0.0.1",
    "--admin",
    ADMIN,
    "--state-dir",
    stateDirectory,
    "--no-access-log",
    ...more,
  ];
  const child = spawn(trilith, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    // Fetching Envoy takes a moment the first time.
    for (const line of text.split("\n")) if (/fetch|unpack/i.test(line)) process.stdout.write(`  ${line}\n`);
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let isOver = false;
  void ended.then(() => (isOver = true));
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await isReady())) {
    if (isOver) throw new Error(`trilith serve ended; it said:\n${log}`);
    if (performance.now() > until) {
      child.kill();
      throw new Error(`trilith serve is not ready after ${READY_WITHIN_MS / 1000} s; it said:\n${log}`);
    }
    await delay(50);
  }
  return { admin: ADMIN, ask, stop: () => stop(child, ended) };
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`http://${ADMIN}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function ask(...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(trilith, [...command, "--admin", ADMIN]);
  return stdout;
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  await ended;
}
