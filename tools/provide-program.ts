/**
 * Programs that tests need and that exist as Go modules alone: built once into the user's cache, outside the checkout, named by
 * what they are built of. Two builders at once do not disturb each other; what is there is complete.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface GoProgram {
  readonly name: string;
  /** Files of the module that it is built in: go.mod at least. `go mod tidy` fills in the rest. */
  readonly files: Readonly<Record<string, string>>;
  /** For `go build`, or of `go test -c` with `isTest`. */
  readonly package: string;
  readonly isTest?: boolean;
  readonly flags?: readonly string[];
  /** `GOTOOLCHAIN`: a module may need a newer Go than the machine has. */
  readonly toolchain?: string;
  /** About how long it takes, for people who wait. */
  readonly minutes: number;
}

export const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "trilith", "programs");

/** The path of the binary. Throws where Go is absent or the build fails. */
export function provideProgram(program: GoProgram, tell: (line: string) => void = console.log): string {
  const key = createHash("sha256")
    .update(JSON.stringify({ ...program, minutes: 0 }))
    .digest("hex")
    .slice(0, 16);
  const binary = join(cacheFolder(), `${program.name}-${key}`);
  if (existsSync(binary)) return binary;
  tell(`building ${program.name} once, which takes about ${program.minutes} minutes`);
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), "building-"));
  try {
    writeModule(folder, program.files);
    go(folder, program, ["mod", "tidy"]);
    const made = join(folder, "made.bin");
    const command = program.isTest ? ["test", "-c"] : ["build"];
    go(folder, program, [...command, "-trimpath", "-o", made, ...(program.flags ?? []), program.package]);
    renameSync(made, binary);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return binary;
}

/** The folder of a module's sources in Go's module cache, where they are put on first use: `example.com/module@v1.2.3`. */
export function moduleFolder(module: string): string {
  // Away from any module of ours. A module may need a newer Go than the machine has, and Debian's Go stays what it is.
  const answer: unknown = JSON.parse(go(tmpdir(), { toolchain: "auto" }, ["mod", "download", "-json", module]));
  if (typeof answer === "object" && answer !== null && "Dir" in answer && typeof answer.Dir === "string")
    return answer.Dir;
  throw new Error(`go mod download does not say where ${module} is`);
}

function writeModule(folder: string, files: GoProgram["files"]): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function go(folder: string, { toolchain }: Pick<GoProgram, "toolchain">, args: readonly string[]): string {
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-buildvcs=false" };
  const { status, stdout, stderr, error } = spawnSync("go", args, {
    cwd: folder,
    env: { ...env, ...(toolchain !== undefined && { GOTOOLCHAIN: toolchain }) },
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`go ${args.join(" ")}: ${error?.message ?? (stderr || stdout)}`);
  return stdout;
}
