/** Runs a program in a network namespace, with everything else as it is here. Needs the capability SYS_ADMIN. */
import { execFile } from "node:child_process";
import { RedirectionError } from "./redirection-error.ts";

export interface ProgramEnd {
  /** Of nsenter, where it could not start the program; undefined where a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Each of them takes milliseconds. */
const PATIENCE_MS = 5_000;
/** A namespace with ten thousands of connections tells a line of each. */
const MOST_BYTES = 64 * 1024 * 1024;

/** `path`: where the namespace is pinned. Rejects with a RedirectionError `unreachable` where there is no nsenter. */
export function runInNamespace(path: string, command: string, args: readonly string[]): Promise<ProgramEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>();
  const options = { timeout: PATIENCE_MS, maxBuffer: MOST_BYTES, env: { PATH: process.env["PATH"] } };
  const child = execFile("nsenter", [`--net=${path}`, command, ...args], options, (error, stdout, stderr) => {
    if (error !== null && typeof error.code === "string")
      reject(new RedirectionError("unreachable", `nsenter: ${error.message}`, { cause: error }));
    else resolve({ status: child.exitCode ?? undefined, stdout, stderr });
  });
  return promise;
}
