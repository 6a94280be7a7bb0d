/** The log for people: time, level, message, and the fields behind it. */
import type { DestinationStream } from "pino";

const LEVELS: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};

export function prettyStream(out: { write(text: string): unknown }): DestinationStream {
  return { write: (line) => void out.write(formatLine(line)) };
}

interface LogLine {
  readonly level: number;
  /** RFC 3339, with milliseconds. */
  readonly time: string;
  readonly msg?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly [field: string]: unknown;
}

/** One line of pino's JSON as text. */
function formatLine(text: string): string {
  const { level, time, msg = "", file, line, column, ...fields } = JSON.parse(text) as LogLine;
  const place = file === undefined ? "" : `${file}:${line}:${column}: `;
  const rest = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`,
  );
  return `${time.slice(11, 23)} ${(LEVELS[level] ?? String(level)).padEnd(5)} ${place}${msg}${rest.join("")}\n`;
}

const quoted = (text: string): string => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
