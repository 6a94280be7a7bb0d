/** Turns what Envoy writes into events, and remembers its last complaint for the case that it does not start. */
import { LineFollower } from "./line-follower.ts";
import { logRecordOf } from "./log-record.ts";
import type { ProxyEvent } from "./proxy-event.ts";
import type { StateDirectory } from "./state-directory.ts";

export class OutputFollower {
  readonly #log: LineFollower;
  readonly #accessLog: LineFollower;
  #complaint: string | undefined;

  /** Lines from before are not delivered again. */
  constructor(directory: StateDirectory, onEvent: (event: ProxyEvent) => void) {
    this.#log = new LineFollower(directory.logFile, (line) => {
      const record = logRecordOf(line);
      if (record.level === "critical" || record.level === "error") this.#complaint = record.message;
      onEvent({ kind: "log", record });
    });
    this.#accessLog = new LineFollower(directory.accessLogFile, (line) => onEvent({ kind: "access", line }));
  }

  /** The last error that Envoy logged, if any. */
  lastComplaint(): string | undefined {
    this.#log.read();
    return this.#complaint;
  }

  close(): void {
    this.#log.close();
    this.#accessLog.close();
  }
}
