/**
 * A line of Envoy's own log as data. Once Envoy has read its bootstrap it writes JSON; what it says before that, and what it
 * prints when it crashes, is text.
 */

export type LogLevel = "trace" | "debug" | "info" | "warning" | "error" | "critical";

export interface LogRecord {
  readonly level: LogLevel;
  /** Envoy's component ("config", "upstream" …); empty when the line does not say. */
  readonly logger: string;
  readonly message: string;
  /** RFC 3339; absent when the line does not say. */
  readonly time?: string;
}

/** Never fails: a line of unknown form is a message of level "error", because only a crash prints such. */
export function logRecordOf(line: string): LogRecord {
  return jsonRecordOf(line) ?? textRecordOf(line) ?? { level: "error", logger: "", message: line };
}

function jsonRecordOf(line: string): LogRecord | undefined {
  if (!line.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { time, level, logger, message } = value as Readonly<Record<string, unknown>>;
  if (typeof level !== "string" || typeof logger !== "string" || typeof message !== "string") return undefined;
  return { level: levelOf(level), logger, message, ...(typeof time === "string" ? { time } : {}) };
}

/** `[2026-11-23 23:57:38.664][26400][critical][main] [source/server/server.cc:463] message` */
function textRecordOf(line: string): LogRecord | undefined {
  const match = /^\[(\S+) (\S+)\]\[\d+\]\[(\w+)\]\[(\w+)\] (?:\[[^\]]*\] )?(.*)$/.exec(line);
  if (!match) return undefined;
  const [, day = "", clock = "", level = "", logger = "", message = ""] = match;
  return { level: levelOf(level), logger, message, time: `${day}T${clock}Z` };
}

function levelOf(word: string): LogLevel {
  switch (word) {
    case "trace":
    case "debug":
    case "info":
    case "warning":
    case "error":
    case "critical":
      return word;
    default:
      return "error";
  }
}
