/**
 * Trilith in a cluster: the API server's objects in, an Envoy for each Gateway serving them, statuses back. Wires the rooms
 * together and decides nothing itself.
 *
 *   every replica  follows the cluster, translates all of it, serves xDS, tells the others what its Envoys acknowledged
 *   the leader     writes statuses and Events, and makes what Gateways need
 *
 * A replica serves nobody before it has read everything once, so that no Envoy is given half a state.
 */
import type { Logger } from "pino";
import { startAdminServer, startHealthServer } from "../admin/index.ts";
import {
  controllerAdmin,
  controllerHealth,
  diagnosticsOf,
  type ReplicaView,
  type ServingReplica,
} from "./controller-admin.ts";
import type { ControllerOptions } from "./controller-options.ts";
import { controllerSettings } from "./controller-settings.ts";
import { createEngine } from "./engine.ts";
import { DiagnosticLog, logFailure } from "./event-log.ts";
import { Metrics } from "./metrics.ts";
import { startReplica } from "./replica.ts";
import { logWaiting, Startup } from "./startup.ts";

export interface Controller {
  /** What readiness waits for; undefined when ready. */
  notReady(): string | undefined;
  /** Ends what is under way, gives the lead away, and lets the Envoys go to other replicas. */
  stop(): Promise<void>;
}

const LOG_AFTER_MS = 1_000;

export async function startController(options: ControllerOptions): Promise<Controller> {
  const { log, listen } = options;
  await using starting = new AsyncDisposableStack();
  const engine = createEngine(controllerSettings(options));
  starting.use(engine.graph.onFailure((failure) => logFailure(log, failure)));
  let serving: ServingReplica | undefined;
  const startup = new Startup();
  let waitsFor = (): string | undefined => startup.waitsFor;
  const view: ReplicaView = {
    engine,
    metrics: new Metrics({ writesStatuses: true }),
    notReady: () => waitsFor(),
    serving: () => serving,
  };
  starting.use(await startHealthServer(listen.health, controllerHealth(view)));
  starting.use(await startAdminServer(listen.admin, controllerAdmin(view)));
  {
    using _ = logWaiting(startup, log);
    serving = await startReplica(options, view, startup, starting);
  }
  starting.use(logDiagnostics(view, log));
  waitsFor = () => undefined;
  log.info({ port: listen.xds.port, replica: options.replica }, "serving xDS");
  const running = starting.move();
  return {
    notReady: () => waitsFor(),
    stop: async () => {
      waitsFor = () => "it is going down";
      await running.disposeAsync();
    },
  };
}

/** Once for all that happens at the same moment. */
function logDiagnostics(view: ReplicaView, log: Logger): Disposable {
  const diagnostics = new DiagnosticLog(log);
  let isLogging = false;
  const logSoon = (): void => {
    if (isLogging) return;
    isLogging = true;
    setTimeout(() => {
      isLogging = false;
      diagnostics.take(diagnosticsOf(view));
    }, LOG_AFTER_MS).unref();
  };
  logSoon();
  return view.engine.graph.subscribe(view.engine.translation.findings, logSoon);
}
