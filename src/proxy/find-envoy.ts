/**
 * Finds the program of Envoy: the one that the user names, else `envoy` on the PATH if its version fits, else the one in the
 * user's cache, which is filled on first use.
 */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { ENVOY_VERSION, envoyVersionIn, isSupportedVersion } from "./envoy-release.ts";
import { fetchEnvoy } from "./fetch-envoy.ts";
import { ProxyError } from "./proxy-error.ts";
import { runProgram, systemCodeOf } from "./run-program.ts";

export interface FindEnvoyOptions {
  /** What the user named; nothing else is then tried. */
  readonly explicitPath?: string;
  /** Lines for the user about what takes long, and about what was passed over. */
  readonly onProgress?: (line: string) => void;
  /** Default: those of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The absolute path of an Envoy that was run once and has the right version. Throws ProxyError. */
export async function findEnvoy(options: FindEnvoyOptions = {}): Promise<string> {
  const { explicitPath, onProgress = () => {}, environment = process.env } = options;
  if (explicitPath !== undefined) {
    const path = resolve(explicitPath);
    await checkEnvoy(path, explicitPath);
    return path;
  }
  const onPath = await envoyOnPath(environment["PATH"] ?? "", onProgress);
  if (onPath !== undefined) return onPath;
  const cached = cachedEnvoyPath(environment);
  if (!(await isExecutable(cached))) await fetchEnvoy(cached, { onProgress, environment });
  await checkEnvoy(cached, cached);
  return cached;
}

/** Where a fetched Envoy is kept: `$XDG_CACHE_HOME`, else `~/.cache`, by version. */
function cachedEnvoyPath(environment: Readonly<Record<string, string | undefined>>): string {
  const cache = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  return join(cache, "trilith", "envoy", ENVOY_VERSION, "envoy");
}

async function envoyOnPath(path: string, onProgress: (line: string) => void): Promise<string | undefined> {
  // An empty entry means the current directory to a shell; running a program from there unasked would be a trap.
  for (const directory of path.split(delimiter).filter((entry) => entry !== "")) {
    const candidate = resolve(directory, "envoy");
    if (!(await isExecutable(candidate))) continue;
    try {
      await checkEnvoy(candidate, candidate);
      return candidate;
    } catch (error) {
      onProgress(`${error instanceof Error ? error.message : String(error)} Looking further.`);
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Runs `--version`. Throws ProxyError with a sentence that calls the program `shown`. */
async function checkEnvoy(path: string, shown: string): Promise<void> {
  const version = envoyVersionIn(await versionOutputOf(path, shown));
  if (version === undefined) {
    throw new ProxyError("envoy-version", `${shown} is not Envoy: "--version" does not print an Envoy version.`);
  }
  if (!isSupportedVersion(version)) {
    throw new ProxyError("envoy-version", `${shown} is Envoy ${version}, but Trilith needs ${ENVOY_VERSION}.`);
  }
}

async function versionOutputOf(path: string, shown: string): Promise<string> {
  try {
    return (await runProgram(path, ["--version"])).stdout;
  } catch (error) {
    throw new ProxyError("envoy-unusable", `${shown} cannot be run as Envoy: ${whyUnusable(error)}.`, error);
  }
}

const reasons: ReadonlyMap<string | undefined, string> = new Map([
  ["ENOENT", "there is no such file, or the system's program loader (glibc) that it needs is missing"],
  ["EACCES", "it is a directory, or has no permission to be executed"],
  ["ENOEXEC", "it is no program for this machine"],
]);

function whyUnusable(error: unknown): string {
  return reasons.get(systemCodeOf(error)) ?? (error instanceof Error ? error.message : String(error));
}
