/**
 * One process of Envoy: started here, or found running from before. It is detached, so that neither the end of the control
 * plane nor a Ctrl-C in its terminal reaches it, and noted in the state directory, so that the next control plane knows
 * it again.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isRunning, processIdentity, signalProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { ProxyError } from "./proxy-error.ts";
import { unwritable } from "./state-directory.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface EnvoyCommand {
  readonly path: string;
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** Equal for commands that make the same proxy: same program, arguments, variables and bootstrap. */
  readonly fingerprint: string;
}

export interface RunningEnvoy {
  readonly identity: ProcessIdentity;
  readonly isAdopted: boolean;
  readonly startedMs: number;
  /** Resolves when the process is gone, with how it ended: "status 1", "signal SIGKILL", or "unknown" of one that was adopted. */
  readonly ended: Promise<string>;
}

/** What was noted about a process that still runs. */
export interface NotedEnvoy {
  readonly identity: ProcessIdentity;
  readonly fingerprint: string;
}

const POLL_MS = 250;

/** All that a proxy may know of this process's environment, which can hold secrets. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES"];

export function fingerprintOf(
  path: string,
  args: readonly string[],
  bootstrap: string,
  variables: Readonly<Record<string, string>>,
): string {
  return createHash("sha256")
    .update(JSON.stringify([path, args, bootstrap, variables]))
    .digest("hex");
}

/** Starts Envoy and notes it. Throws ProxyError ("envoy-unusable") when the system cannot run the program. */
export async function launchEnvoy(command: EnvoyCommand, directory: StateDirectory): Promise<RunningEnvoy> {
  const output = openSync(directory.accessLogFile, "a", 0o600);
  const log = openSync(directory.logFile, "a", 0o600);
  const passedOn = PASSED_ON.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : []));
  const env = { ...Object.fromEntries(passedOn), ...command.variables };
  const child = spawn(command.path, command.args, {
    detached: true,
    cwd: directory.path,
    env,
    stdio: ["ignore", output, log],
  });
  // Noted in the same turn as it was started: were this process killed in between, nobody would know of that Envoy.
  const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
  if (identity) noteOrEnd(directory, { identity, fingerprint: command.fingerprint });
  closeSync(output);
  closeSync(log);
  child.unref();
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  child.once("exit", (status, signal) => resolve(signal === null ? `status ${status}` : `signal ${signal}`));
  child.once("error", (error) => {
    reject(new ProxyError("envoy-unusable", `${command.path} cannot be started: ${error.message}.`, error));
  });
  if (!identity) return await failed;
  failed.catch(() => {});
  return { identity, isAdopted: false, startedMs: performance.now(), ended };
}

/** Takes over a process that somebody else started. */
export function adoptEnvoy({ identity }: NotedEnvoy): RunningEnvoy {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const timer = setInterval(() => {
    if (isRunning(identity)) return;
    clearInterval(timer);
    resolve("unknown");
  }, POLL_MS);
  timer.unref();
  return { identity, isAdopted: true, startedMs: performance.now(), ended };
}

/** The process that was noted in the directory, if it still runs. */
export function notedEnvoy(directory: StateDirectory): NotedEnvoy | undefined {
  try {
    const note = JSON.parse(readFileSync(directory.processFile, "utf8")) as Partial<ProcessIdentity & NotedEnvoy>;
    const { pid, startedAt, fingerprint } = note;
    if (pid === undefined || startedAt === undefined || fingerprint === undefined) return undefined;
    const identity = { pid, startedAt };
    return isRunning(identity) ? { identity, fingerprint } : undefined;
  } catch {
    // No note, or half of one: nothing that could be trusted to be ours.
    return undefined;
  }
}

export function forgetEnvoy(directory: StateDirectory): void {
  rmSync(directory.processFile, { force: true });
}

/** An Envoy that cannot be noted would never be found again, and keep its ports for ever. */
function noteOrEnd(directory: StateDirectory, noted: NotedEnvoy): void {
  try {
    noteEnvoy(directory, noted);
  } catch (error) {
    signalProcess(noted.identity, "SIGKILL");
    throw unwritable(directory, error);
  }
}

function noteEnvoy(directory: StateDirectory, { identity, fingerprint }: NotedEnvoy): void {
  writeFileSync(directory.processFile, `${JSON.stringify({ ...identity, fingerprint })}\n`, { mode: 0o600 });
}
