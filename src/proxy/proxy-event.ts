/** What happens to the proxy, in order: for logs, statuses and metrics. */
import type { LogRecord } from "./log-record.ts";

export type ProxyEvent =
  /** An Envoy runs and its admin API answers. Adopted: it ran before this control plane did. */
  | { readonly kind: "started"; readonly pid: number; readonly isAdopted: boolean }
  /** An Envoy from before cannot be adopted; it is drained and another will be started. */
  | { readonly kind: "replacing"; readonly pid: number; readonly reason: string }
  /** Envoy ended though nobody asked it to ("status 1", "signal SIGKILL", "unknown"), the `failures`th time in a row. */
  | {
      readonly kind: "ended";
      readonly pid: number;
      readonly how: string;
      readonly failures: number;
      readonly restartInMs: number;
    }
  /** A restart did not work out; another is tried. */
  | {
      readonly kind: "restart-failed";
      readonly error: unknown;
      readonly failures: number;
      readonly restartInMs: number;
    }
  | { readonly kind: "draining"; readonly pid: number }
  | { readonly kind: "stopped" }
  /** A line of Envoy's own log. */
  | { readonly kind: "log"; readonly record: LogRecord }
  /** A line of Envoy's standard output, which is the access log. */
  | { readonly kind: "access"; readonly line: string };
