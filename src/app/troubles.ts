/**
 * What goes wrong behind translation, for people: resources that are too large to travel, resources that Envoy refuses, and
 * mistakes of our own. Of each, the last good version stays in force.
 */
import type { Collection, Graph } from "../collections/index.ts";
import { type EnvoyRecord, ResourceTooLargeError } from "../envoy/index.ts";
import type { Diagnostic } from "./diagnosis.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";

export function troublesOf(graph: Graph, records: Collection<EnvoyRecord>, fleet: ProxyFleet): Diagnostic[] {
  const failures = [...graph.failures].map(([where, error]) => failureDiagnostic(where, error));
  const refused = [...records.values()].flatMap((record): Diagnostic[] => {
    const delivery = fleet.deliveryOf(record);
    if (delivery.state !== "refused") return [];
    const message = `Envoy refuses ${record.kind} ${record.name}, made of ${originsOf(record)}: ${delivery.message}`;
    return [{ severity: "error", code: "refused-by-envoy", message, advice: "Its last good version stays in force" }];
  });
  return [...failures, ...refused];
}

/** Backends that routes wait for, or went out without. */
export function unhealthyDiagnostics(clusters: readonly string[], records: Collection<EnvoyRecord>): Diagnostic[] {
  const backends = clusters.flatMap((name) => records.get(`cluster/${name}`)?.origins ?? []);
  return [...new Set(backends)].sort().map((backend) => ({
    severity: "warning",
    code: "backend-not-healthy",
    message: `no endpoint of ${backend} has passed its health check: changes of routes that lead to it wait for one, 15 s at most`,
    advice: "See whether the backend answers what its BackendPolicy asks for",
  }));
}

/** Resources that could not be sent, whose last version that could is still in force. */
export function tooLargeResources(graph: Graph): ResourceTooLargeError[] {
  return [...graph.failures.values()].filter((error) => error instanceof ResourceTooLargeError);
}

function failureDiagnostic(where: string, error: unknown): Diagnostic {
  if (error instanceof ResourceTooLargeError) {
    const advice = "Its last version that fitted stays in force";
    return { severity: "error", code: "resource-too-large", message: error.message, advice };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return {
    severity: "error",
    code: "internal-error",
    message: `${where} could not be worked out: ${reason}`,
    advice: "This is a mistake in Trilith; the last good state stays in force",
  };
}

const MAX_ORIGINS = 5;

function originsOf({ origins }: EnvoyRecord): string {
  if (origins.length === 0) return "no object";
  const shown = origins.slice(0, MAX_ORIGINS).join(", ");
  return origins.length > MAX_ORIGINS ? `${shown} and ${origins.length - MAX_ORIGINS} more` : shown;
}
