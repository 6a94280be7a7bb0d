/** The options that say how a command that stays logs. */
import { type Command, Option } from "commander";

export interface LogOptions {
  readonly logFormat: LogFormat;
  readonly logLevel: string;
}

export type LogFormat = "text" | "json";

export function addLogOptions(command: Command, format: LogFormat): Command {
  return command
    .addOption(
      new Option("--log-format <format>", "how to log, on standard error").choices(["text", "json"]).default(format),
    )
    .addOption(
      new Option("--log-level <level>", "how much to log").choices(["debug", "info", "warn", "error"]).default("info"),
    );
}
