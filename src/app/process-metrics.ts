/** What every process of Trilith that runs for long counts: what a Node.js process usually does, and Events that it did not write. */
import { collectDefaultMetrics, Counter, Registry } from "prom-client";

/**
 * How often the lag of the event loop is looked at; the values told include it. Ten times as often, as the library would have it,
 * costs a hundredth of a processor for as long as nothing happens.
 */
const LAG_PRECISION_MS = 100;

/** With what the process itself uses. */
export function processRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  return register;
}

/** By `cause`, a `DroppedEvent`. */
export const droppedEvents = (registry: Registry): Counter =>
  new Counter({
    name: "trilith_events_dropped_total",
    help: "Events that were not written: rationed, because there were too many, or failed, because the API server did not take them.",
    labelNames: ["cause"],
    registers: [registry],
  });
