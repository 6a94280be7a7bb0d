/** What happens, as lines of the log: static messages, data in fields. */
import type { Logger } from "pino";
import type { ProxyKey } from "../model/index.ts";
import type { ProxyEvent } from "../proxy/index.ts";
import type { Fact, ResourceId } from "../xds/index.ts";
import type { Diagnostic } from "./diagnosis.ts";

export function logProxyEvent(log: Logger, event: ProxyEvent): void {
  switch (event.kind) {
    case "started":
      return log.info(
        { pid: event.pid },
        event.isAdopted ? "took over the Envoy that was left running" : "Envoy started",
      );
    case "replacing":
      return log.info({ pid: event.pid, reason: event.reason }, "replacing the Envoy that was left running");
    case "ended":
      return log.error(
        { pid: event.pid, how: event.how, failures: event.failures, restart_in_ms: event.restartInMs },
        "Envoy ended; starting it again",
      );
    case "restart-failed":
      return log.error(
        { err: event.error, failures: event.failures, restart_in_ms: event.restartInMs },
        "Envoy could not be started again",
      );
    case "draining":
      return log.info({ pid: event.pid }, "draining Envoy");
    case "stopped":
      return log.info("Envoy stopped");
    case "log":
      return log[LEVELS[event.record.level]]({ envoy: event.record.logger }, event.record.message);
    case "access":
      return undefined;
  }
}

const LEVELS = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
  critical: "fatal",
} as const;

/** A derivation that threw: its last good state stays, and somebody should look. */
export function logFailure(
  log: Logger,
  { collection, input, error }: { collection: string; input: string; error: unknown },
): void {
  log.error({ collection, input, err: error }, error instanceof Error ? error.message : "a derivation failed");
}

/** What proxies refuse, and what went out although something that it needs was not ready in time. */
export function logFacts(log: Logger, facts: readonly Fact[]): void {
  for (const fact of facts) {
    const resource = `${fact.id.kind} ${fact.id.name}`;
    if (fact.kind === "refused")
      log.error({ resource, reason: fact.message }, "Envoy refuses a resource; its last good version stays");
    if (fact.kind === "held") {
      const missing = fact.because.map(({ kind, name }) => `${kind} ${name}`);
      log.warn({ resource, missing }, "sent without what it needs, which was not ready in time");
    }
  }
}

/** A proxy asked for what is others': by mistake, or because somebody else speaks for it. */
export function logWithheld(log: Logger, proxy: ProxyKey, ids: readonly ResourceId[]): void {
  const resources = ids.map(({ kind, name }) => `${kind} ${name}`);
  log.warn({ proxy, resources }, "a proxy asked for resources of others, and was given none of them");
}

/** Logs what is new since the last time, so that an edit elsewhere does not repeat what is known. */
export class DiagnosticLog {
  readonly #log: Logger;
  #known = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  take(diagnostics: readonly Diagnostic[]): void {
    const now = new Set<string>();
    for (const diagnostic of diagnostics) {
      const key = JSON.stringify(diagnostic);
      now.add(key);
      if (this.#known.has(key)) continue;
      const { severity, message, ...fields } = diagnostic;
      this.#log[severity === "error" ? "error" : severity === "warning" ? "warn" : "info"](fields, message);
    }
    const resolved = [...this.#known].filter((key) => !now.has(key)).length;
    if (resolved > 0) this.#log.info({ resolved, left: now.size }, "findings resolved");
    this.#known = now;
  }
}
