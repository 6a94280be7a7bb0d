/** Runs a short-lived program to its end and collects what it prints. */
import { spawn } from "node:child_process";

export interface ProgramResult {
  /** Exit status; undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with the system's error when the program cannot be started (ENOENT, EACCES, ENOEXEC …). */
export function runProgram(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ProgramResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...environment } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.once("error", reject);
  child.once("close", (status) => resolve({ status: status ?? undefined, stdout, stderr }));
  return promise;
}

/** The system's code of an error (ENOENT …), if it has one. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
