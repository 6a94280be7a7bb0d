/**
 * Has one Envoy run for a configuration, whoever started it: one that a control plane before us left running with the same settings is taken over
 * as it is, one with other settings is drained and replaced, and if there is none, one is started.
 */
import { renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { AdminClient } from "./admin-client.ts";
import { defaultDrainBounds, drainEnvoy, endEnvoy } from "./drain-envoy.ts";
import type { DrainBounds } from "./drain-envoy.ts";
import type { LogLevel } from "./log-record.ts";
import { OutputFollower } from "./output-follower.ts";
import type { ProxyEvent } from "./proxy-event.ts";
import { isRunning } from "./process-identity.ts";
import { ProxyError } from "./proxy-error.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { adoptEnvoy, fingerprintOf, launchEnvoy, notedEnvoy } from "./running-envoy.ts";
import type { EnvoyCommand, NotedEnvoy, RunningEnvoy } from "./running-envoy.ts";
import { unwritable } from "./state-directory.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface ProxyOptions {
  /** The absolute path of the program, as findEnvoy gives it. */
  readonly envoyPath: string;
  readonly stateDirectory: StateDirectory;
  /** As bootstrapOf gives it, with the directory's sockets. */
  readonly bootstrap: object;
  /** Worker threads. Default: as many as there are processors. */
  readonly concurrency?: number;
  /** Default: "warning". */
  readonly logLevel?: LogLevel;
  readonly drain?: DrainBounds;
  /** Of its environment, besides what every Envoy is given of this process's. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Called in order of what happens; must not throw. */
  readonly onEvent: (event: ProxyEvent) => void;
}

const START_TIMEOUT_MS = 20_000;
const START_POLL_MS = 20;

/**
 * Seconds that a listener's old connections may live on after the listener itself was changed or removed; they are asked to go
 * at once ("immediate"), and long streams have these ten minutes. The end of the process has bounds of its own.
 */
const LISTENER_DRAIN_SECONDS = 600;

/**
 * Resolves when an Envoy runs and its admin API answers; from then on it is watched and restarted until `stop` or `leave` is called.
 * Throws ProxyError: "envoy-unusable", or "start-failed" with what Envoy says, when the first start fails.
 */
export async function startProxy(options: ProxyOptions): Promise<ProxyProcess> {
  const { stateDirectory: directory, onEvent } = options;
  const command = commandOf(options);
  const admin = new AdminClient(directory.adminSocket);
  const drain = options.drain ?? defaultDrainBounds;
  const found = notedEnvoy(directory);
  const output = new OutputFollower(directory, onEvent);
  const launch = async (): Promise<RunningEnvoy> => {
    const envoy = await launchEnvoy(command, directory);
    await waitForAdmin(envoy, admin, output);
    onEvent({ kind: "started", pid: envoy.identity.pid, isAdopted: false });
    return envoy;
  };
  try {
    const adopted = found && (await adoptOrEnd(found, command, admin, drain, onEvent));
    const envoy = adopted ?? (await launch());
    return new ProxyProcess({ envoy, admin, directory, drain, output, launch, onEvent });
  } catch (error) {
    output.close();
    throw error;
  }
}

function commandOf(options: ProxyOptions): EnvoyCommand {
  const { stateDirectory: directory, envoyPath: path } = options;
  const bootstrap = JSON.stringify(options.bootstrap);
  const args = [
    "--config-path",
    directory.bootstrapFile,
    // Two Envoys never run at the same time here, and hot restart wants shared memory and names that other users' Envoys may hold.
    "--disable-hot-restart",
    "--concurrency",
    String(options.concurrency ?? availableParallelism()),
    "--drain-time-s",
    String(LISTENER_DRAIN_SECONDS),
    "--drain-strategy",
    "immediate",
    "--file-flush-interval-msec",
    String(ACCESS_LOG_FLUSH_MS),
    "--log-level",
    options.logLevel ?? "warning",
  ];
  const draft = `${directory.bootstrapFile}.new`;
  try {
    writeFileSync(draft, bootstrap, { mode: 0o600 });
    renameSync(draft, directory.bootstrapFile);
  } catch (error) {
    throw unwritable(directory, error);
  }
  const { variables = {} } = options;
  return { path, args, variables, fingerprint: fingerprintOf(path, args, bootstrap, variables) };
}

/** How long a line of the access log may wait in Envoy; its default of ten seconds is long for somebody who watches. */
const ACCESS_LOG_FLUSH_MS = 200;

async function adoptOrEnd(
  found: NotedEnvoy,
  command: EnvoyCommand,
  admin: AdminClient,
  drain: DrainBounds,
  onEvent: (event: ProxyEvent) => void,
): Promise<RunningEnvoy | undefined> {
  const { pid } = found.identity;
  const isSame = found.fingerprint === command.fingerprint;
  if (isSame && (await answers(admin))) {
    onEvent({ kind: "started", pid, isAdopted: true });
    return adoptEnvoy(found);
  }
  onEvent({ kind: "replacing", pid, reason: isSame ? "it does not answer" : "its settings have changed" });
  await drainEnvoy(found.identity, admin, drain);
  return undefined;
}

async function waitForAdmin(envoy: RunningEnvoy, admin: AdminClient, output: OutputFollower): Promise<void> {
  const late = delay(START_TIMEOUT_MS, "late", { ref: false });
  const problem = await Promise.race([firstAnswer(envoy, admin), envoy.ended, late]);
  if (problem === undefined) return;
  const isLate = problem === "late";
  if (isLate) await endEnvoy(envoy.identity);
  const what = isLate ? `does not answer after ${START_TIMEOUT_MS / 1000} s` : `ended with ${problem}`;
  const said = output.lastComplaint();
  throw new ProxyError("start-failed", `Envoy ${what}${said === undefined ? "" : `: ${said}`}`);
}

/** Resolves when the admin API answers; never when Envoy ends before. */
async function firstAnswer({ identity }: RunningEnvoy, admin: AdminClient): Promise<undefined> {
  while (isRunning(identity)) {
    if (await answers(admin)) return undefined;
    await delay(START_POLL_MS);
  }
  return await new Promise(() => {});
}

/** Whether anybody answers; "not ready" is an answer too. */
async function answers(admin: AdminClient): Promise<boolean> {
  try {
    await admin.ask("GET", "/ready");
    return true;
  } catch {
    return false;
  }
}
