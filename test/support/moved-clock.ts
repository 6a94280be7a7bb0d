/**
 * A clock of its own for a program, which a test moves while the program runs: a small library (moved-clock.c), compiled where it is
 * needed, stands between the program and the system. Only what time it is moves; what measures how long something takes does not.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Without a C compiler there is no such clock. */
export const hasCompiler = (): boolean => spawnSync("gcc", ["--version"]).status === 0;

export class MovedClock implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "trilith-clock-"));
  readonly #file: number;

  constructor() {
    const source = join(import.meta.dirname, "moved-clock.c");
    const made = spawnSync("gcc", ["-shared", "-fPIC", "-O1", "-o", this.#library, source], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    this.#file = openSync(join(this.#folder, "moved"), "w");
    this.moveTo(0);
  }

  /** Of the programs that have it. */
  get env(): NodeJS.ProcessEnv {
    return { LD_PRELOAD: this.#library, MOVED_CLOCK: join(this.#folder, "moved") };
  }

  /** From now on, by this much later than it is. */
  moveTo(hours: number): void {
    const seconds = Buffer.alloc(8);
    seconds.writeBigInt64LE(BigInt(hours * 3_600));
    writeSync(this.#file, seconds, 0, seconds.length, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true });
  }

  get #library(): string {
    return join(this.#folder, "moved-clock.so");
  }
}
