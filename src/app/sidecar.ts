/**
 * The Envoy beside one workload of this machine: it proves itself with a token in a file, which is renewed long before it ends, and is
 * otherwise run like the Envoy of Gateways: watched, restarted, drained, or left running for the next start.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { type LocalTokens, writePrivateFile } from "../identity/index.ts";
import { proxyVariables, spiffeId, type Workload } from "../model/index.ts";
import {
  bootstrapOf,
  claimStateDirectory,
  controlPlaneFiles,
  type LocalControlPlane,
  machineLimits,
  type ProxyEvent,
  type ProxyProcess,
  startProxy,
  type StateDirectory,
} from "../proxy/index.ts";
import { runningProxy, type RunningProxy } from "./running-proxy.ts";
import { LOCAL_TRUST_DOMAIN } from "./standalone-settings.ts";

export interface SidecarOptions {
  readonly envoyPath: string;
  /** Its state directory. */
  readonly directory: string;
  /** Where its control plane serves. */
  readonly socket: string;
  readonly tokens: Pick<LocalTokens, "issue">;
  readonly concurrency: number;
  readonly onEvent: (event: ProxyEvent) => void;
  /** The token could not be renewed; it is tried again. */
  readonly onProblem: (error: unknown) => void;
}

const TOKEN_LIFE_MS = 3_600_000;
const TOKEN_RENEWAL_MS = TOKEN_LIFE_MS / 4;

/** Rejects with a ProxyError where it cannot be started, or somebody else has the directory. */
export async function startSidecar(workload: Workload, options: SidecarOptions): Promise<RunningProxy> {
  const directory = await claimStateDirectory(options.directory);
  await using starting = new AsyncDisposableStack();
  starting.defer(() => directory.release());
  const controlPlane = await writeFiles(directory, workload, options);
  const renewing = setInterval(() => {
    writeToken(controlPlane, workload, options).catch(options.onProblem);
  }, TOKEN_RENEWAL_MS).unref();
  starting.defer(() => clearInterval(renewing));
  const proxy: ProxyProcess = await startProxy({
    envoyPath: options.envoyPath,
    stateDirectory: directory,
    bootstrap: bootstrapOf({
      node: { id: workload.name, cluster: workload.key },
      controlPlane,
      adminSocket: directory.adminSocket,
      limits: machineLimits(),
    }),
    concurrency: options.concurrency,
    variables: proxyVariables({
      namespace: workload.namespace,
      workload: workload.name,
      identity: spiffeId(LOCAL_TRUST_DOMAIN, workload.namespace, workload.serviceAccount),
    }),
    onEvent: options.onEvent,
  });
  return runningProxy(proxy, starting.move());
}

async function writeFiles(
  directory: StateDirectory,
  workload: Workload,
  options: SidecarOptions,
): Promise<LocalControlPlane> {
  const tokenDirectory = join(directory.path, "token");
  const controlPlane = { kind: "local", path: options.socket, directory: directory.path, tokenDirectory } as const;
  mkdirSync(tokenDirectory, { recursive: true, mode: 0o700 });
  await writeToken(controlPlane, workload, options);
  for (const [name, text] of Object.entries(controlPlaneFiles(controlPlane)))
    await writeFile(join(directory.path, name), text, { mode: 0o600 });
  return controlPlane;
}

async function writeToken(
  { tokenDirectory }: LocalControlPlane,
  { namespace, name, serviceAccount }: Workload,
  { tokens }: SidecarOptions,
): Promise<void> {
  const token = tokens.issue({ namespace, name: serviceAccount, workload: name }, TOKEN_LIFE_MS);
  await writePrivateFile(join(tokenDirectory, "token"), token);
}
