/** An error that a command ends with: one line for the person, and the cause for those who ask with --verbose. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  /** Exit codes: 1 something was found wrong, 2 the command could not do its work. */
  constructor(message: string, exitCode = 2, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
