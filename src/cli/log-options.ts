/** How a command that stays logs, on standard error, and the options that say so. */
import { type Command, Option } from "commander";
import { pino, type Logger } from "pino";
import { prettyStream } from "./pretty-log.ts";

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

export function loggerOf({ logFormat, logLevel }: LogOptions): Logger {
  const settings = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return logFormat === "json"
    ? pino(settings, pino.destination({ dest: 2, sync: true }))
    : pino(settings, prettyStream(process.stderr));
}
