/**
 * The directory in which one configuration's proxy outlives its control plane: the sockets that both meet at, Envoy's
 * bootstrap and logs, and the note of which process it is. It is private to the user, because whoever can write there
 * owns the proxy, and one control plane at a time has it.
 */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { chmod, lstat, mkdir, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ProxyError } from "./proxy-error.ts";
import { systemCodeOf } from "./run-program.ts";

export interface StateDirectory {
  readonly path: string;
  /** Where the control plane serves ADS: the same after a restart, so that Envoy finds it again. */
  readonly adsSocket: string;
  /** Where it serves ADS to the proxies beside workloads, each of which has a state directory of its own below this one. */
  readonly meshSocket: string;
  readonly adminSocket: string;
  readonly bootstrapFile: string;
  /** Which process Envoy is; running-envoy.ts reads and writes it. */
  readonly processFile: string;
  /** Envoy's standard error: its own log. */
  readonly logFile: string;
  /** Envoy's standard output: the access log. */
  readonly accessLogFile: string;
  /** Lets another control plane have it. The files stay. */
  release(): Promise<void>;
}

/** The longest path of a unix domain socket on Linux is 107 bytes. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Where the state of a configuration (files and directories, in any order) is kept by default: below `$XDG_STATE_HOME`, else
 * `~/.local/state`, in a directory named after a hash of their real paths.
 */
export function defaultStateDirectory(
  configuration: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const base = environment["XDG_STATE_HOME"] || join(environment["HOME"] || homedir(), ".local", "state");
  const paths = configuration.map(realPathOf).toSorted();
  const hash = createHash("sha256").update(paths.join("\0")).digest("hex").slice(0, 12);
  return join(base, "trilith", hash);
}

/** What is thrown when a file in the directory cannot be written, as on a full disk. */
export function unwritable({ path }: StateDirectory, cause: unknown): ProxyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ProxyError("state-directory-unusable", `The state directory ${path} cannot be written: ${reason}.`, cause);
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Makes the directory if needed and takes it. Throws ProxyError: busy, or unusable. */
export async function claimStateDirectory(directory: string): Promise<StateDirectory> {
  const path = await privateDirectory(resolve(directory));
  const files = {
    path,
    adsSocket: join(path, "ads.sock"),
    meshSocket: join(path, "mesh.sock"),
    adminSocket: join(path, "envoy-admin.sock"),
    bootstrapFile: join(path, "bootstrap.json"),
    processFile: join(path, "envoy.json"),
    logFile: join(path, "envoy.log"),
    accessLogFile: join(path, "access.log"),
  };
  if (Buffer.byteLength(files.adminSocket) > MAX_SOCKET_PATH_BYTES) {
    const message = `The state directory ${path} has too long a path for the sockets in it: choose a shorter one with --state-dir.`;
    throw new ProxyError("state-directory-unusable", message);
  }
  const lock = await takeLock(path);
  // Left over from a control plane that was killed; listening there would fail.
  await Promise.all([files.adsSocket, files.meshSocket].map((socket) => rm(socket, { force: true })));
  return { ...files, release: () => new Promise((released) => lock.close(() => released())) };
}

async function privateDirectory(directory: string): Promise<string> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const entry = await lstat(directory);
    if (entry.uid !== process.getuid?.()) {
      throw new ProxyError("state-directory-unusable", `The state directory ${directory} belongs to another user.`);
    }
    await chmod(directory, 0o700);
    return await realpath(directory);
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProxyError("state-directory-unusable", `The state directory cannot be used: ${reason}.`, error);
  }
}

/**
 * A lock that the kernel gives back however its holder ends: a listening socket with an abstract name, which no file
 * stands for. Any local user could take the name first; the start then fails, and nothing is run or overwritten.
 */
async function takeLock(path: string): Promise<Server> {
  const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
  const server = createServer((connection) => connection.destroy());
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ path: `\0trilith-${name}` }, listening);
  try {
    await promise;
  } catch (error) {
    if (systemCodeOf(error) !== "EADDRINUSE") throw error;
    const message = `Trilith already runs on this configuration (state directory ${path}).`;
    throw new ProxyError("state-directory-busy", message, error);
  }
  // The lock alone is no reason for the process to stay.
  server.unref();
  return server;
}
