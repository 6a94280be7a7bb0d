/** How a command that stays logs, on standard error. */
import { pino, type Logger } from "pino";
import type { LogOptions } from "./log-options.ts";
import { prettyStream } from "./pretty-log.ts";

export function loggerOf({ logFormat, logLevel }: LogOptions): Logger {
  const settings = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return logFormat === "json"
    ? pino(settings, pino.destination({ dest: 2, sync: true }))
    : pino(settings, prettyStream(process.stderr));
}
