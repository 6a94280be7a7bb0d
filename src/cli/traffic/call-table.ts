/** Rates of calls for people, as a table. */
import { formatTable } from "../table.ts";
import type { CallRate } from "./rates.ts";

const HEADER = ["SOURCE", "DESTINATION", "WORKLOAD", "VIA", "RATE", "FAILED", "P50", "P99", "BYTES"];

const PROTOCOLS: Readonly<Record<CallRate["kind"], string>> = { requests: "HTTP", connections: "TCP", sessions: "UDP" };

/** `most`: rows; what is beyond is counted. */
export function callTable(rates: readonly CallRate[], most: number = Number.POSITIVE_INFINITY): string {
  if (rates.length === 0) return "no calls\n";
  const more = rates.length - most;
  return formatTable(HEADER, rates.slice(0, most).map(rowOf)) + (more > 0 ? `and ${more} more\n` : "");
}

function rowOf(rate: CallRate): readonly string[] {
  const { source, destination, workload, kind, security, perSecond, failedShare, p50Ms, p99Ms, bytesPerSecond } = rate;
  return [
    source,
    destination === "" ? "(nowhere)" : destination,
    workload,
    `${PROTOCOLS[kind]} ${security}`,
    `${shorten(perSecond)}/s`,
    failedShare === undefined ? "" : `${shorten(failedShare * 100)}%`,
    durationOf(p50Ms),
    durationOf(p99Ms),
    `${bytesOf(bytesPerSecond)}/s`,
  ];
}

const durationOf = (ms: number | undefined): string =>
  ms === undefined ? "" : ms < 1_000 ? `${shorten(ms)}ms` : `${shorten(ms / 1_000)}s`;

function bytesOf(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 0), units.length - 1);
  return `${shorten(bytes / 1024 ** power)} ${units[power]}`;
}

/** Three digits say enough of what changes every moment. */
const shorten = (value: number): string => String(value < 100 ? Number(value.toPrecision(2)) : Math.round(value));
