/**
 * Standalone Trilith: files in, one Envoy serving their Gateways, and one beside each of their Workloads. Wires the rooms together and
 * decides nothing itself.
 *
 * Files become objects, the graph translates them, Envoy's resources go out over ADS; what Envoy answers comes back as reports,
 * which statuses are made of. Stopping drains Envoy; being killed leaves it serving, and the next start takes it over.
 */
import type { Logger } from "pino";
import { startAdminServer } from "../admin/index.ts";
import { claimStateDirectory, defaultStateDirectory, findEnvoy, type ProxyEvent } from "../proxy/index.ts";
import { Clock, NameResolver } from "../sources/index.ts";
import { StatusBook } from "../status/index.ts";
import { describeProxies } from "./describe-proxies.ts";
import { describeResources } from "./describe-resources.ts";
import type { Diagnostic } from "./diagnosis.ts";
import { createEngine, type Engine } from "./engine.ts";
import { logFacts, logFailure, logProxyEvent, logWithheld } from "./event-log.ts";
import { Metrics } from "./metrics.ts";
import { proxyCountsOf } from "./proxy-counts.ts";
import { StandaloneMesh } from "./standalone-mesh.ts";
import { type ProxySide, type ProxySideOptions, startProxySide } from "./proxy-side.ts";
import { troublesOf, unhealthyDiagnostics } from "./troubles.ts";
import { StandaloneFiles } from "./standalone-files.ts";
import { CONTROLLER_NAME, standaloneSettings } from "./standalone-settings.ts";

export interface StandaloneOptions {
  /** Files and folders of YAML. */
  readonly paths: readonly string[];
  readonly admin: { readonly host: string; readonly port: number };
  /** What Gateways listen on that ask for no address. */
  readonly bindAddress: string;
  readonly className: string;
  readonly envoyPath?: string;
  readonly stateDirectory?: string;
  readonly concurrency?: number;
  /** How long certificates of workloads live; they are renewed 24 times as often. Default: a day. */
  readonly certificateLifeMs?: number;
  readonly log: Logger;
  /** Takes lines of the Envoys' access logs, those of a sidecar with its workload's name; absent: they write none. */
  readonly onAccess?: (line: string) => void;
}

export interface Standalone {
  readonly engine: Engine;
  readonly adminPort: number;
  notReady(): string | undefined;
  /** Drains Envoy and ends it. With `now`, also on a second call, without waiting for requests under way. */
  stop(how?: { readonly now?: boolean }): Promise<void>;
  /** Ends everything but Envoy, which serves on until the next start takes it over. */
  leave(): Promise<void>;
}

export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { log } = options;
  await using starting = new AsyncDisposableStack();
  const envoyPath = await findEnvoy({
    ...(options.envoyPath !== undefined && { explicitPath: options.envoyPath }),
    onProgress: (line) => log.info(line),
  });
  const directory = await claimStateDirectory(options.stateDirectory ?? defaultStateDirectory(options.paths));
  starting.defer(() => directory.release());

  const engine = createEngine(standaloneSettings(options));
  const { graph, translation, driven } = engine;
  starting.use(graph.onFailure((failure) => logFailure(log, failure)));
  const book = new StatusBook(translation.statuses, CONTROLLER_NAME);
  starting.use(graph.subscribe(translation.statuses, (changes) => void book.take(changes)));
  starting.use(new NameResolver(graph, translation.wantedNames, driven.resolvedNames));
  starting.use(new Clock(driven.clock));
  const files = starting.use(new StandaloneFiles(options, engine));

  const metrics = new Metrics();
  const proxySide = await startProxySide(engine, {
    envoyPath,
    directory,
    accessLog: options.onAccess !== undefined,
    log,
    ...tellingOf(options, metrics),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
  });
  starting.defer(() => proxySide.stop({ now: true }));
  const mesh = new StandaloneMesh({
    ...options,
    engine,
    fleet: proxySide.fleet,
    directory,
    envoyPath,
    onRefused: (reason) => metrics.countRefusedCaller("proxy", reason),
    onSidecarEvent: (workload, event) => tellSidecarEvent(workload, event, options, metrics),
  });
  starting.defer(() => mesh.stop({ now: true }));
  await mesh.start();
  const notReady = (): string | undefined => proxySide.notReady((proxy) => mesh.isStarting(proxy));
  const admin = starting.use(
    await startAdminServer(options.admin, adminSources({ engine, proxySide, mesh, files, book, metrics, notReady })),
  );
  const running = starting.move();
  return {
    engine,
    adminPort: admin.port,
    notReady,
    stop: async (how) => {
      // Gateways call workloads: those go last.
      await proxySide.stop(how);
      await mesh.stop(how);
      await running.disposeAsync();
    },
    leave: async () => {
      await proxySide.leave();
      await mesh.leave();
      await running.disposeAsync();
    },
  };
}

type Telling = Pick<ProxySideOptions, "onSent" | "onFacts" | "onWithheld" | "onProxyEvent">;

/** What proxies do is counted, and told in the log where a person should know. */
function tellingOf(options: StandaloneOptions, metrics: Metrics): Telling {
  const { log } = options;
  return {
    onSent: (message) => metrics.countSent(message),
    onFacts: (facts) => {
      metrics.countFacts(facts);
      logFacts(log, facts);
    },
    onWithheld: (proxy, ids) => {
      metrics.countWithheld(ids);
      logWithheld(log, proxy, ids);
    },
    onProxyEvent: (event) => tellProxyEvent(event, options, metrics),
  };
}

function tellProxyEvent(event: ProxyEvent, { log, onAccess }: StandaloneOptions, metrics: Metrics): void {
  if (event.kind === "access") onAccess?.(event.line);
  else logProxyEvent(log, event);
  if (event.kind === "ended") metrics.countRestart();
}

/** Lines of several proxies come together: each says whose it is. */
function tellSidecarEvent(
  workload: string,
  event: ProxyEvent,
  { onAccess }: StandaloneOptions,
  metrics: Metrics,
): void {
  if (event.kind === "access") onAccess?.(event.line.replace("{", `{"workload":${JSON.stringify(workload)},`));
  if (event.kind === "ended") metrics.countRestart();
}

interface Shown {
  readonly engine: Engine;
  readonly proxySide: ProxySide;
  readonly mesh: StandaloneMesh;
  readonly files: StandaloneFiles;
  readonly book: StatusBook;
  readonly metrics: Metrics;
  readonly notReady: () => string | undefined;
}

function adminSources({
  engine,
  proxySide,
  mesh,
  files,
  book,
  metrics,
  notReady,
}: Shown): Parameters<typeof startAdminServer>[1] {
  const { records, fleet } = proxySide;
  const diagnostics = (): Diagnostic[] => [
    ...files.diagnostics(),
    ...mesh.diagnostics(),
    ...troublesOf(engine.graph, records, fleet),
    ...unhealthyDiagnostics(proxySide.unhealthy(), records),
  ];
  return {
    notReady,
    status: () => ({ objects: book.all(), diagnostics: diagnostics(), heldFiles: files.held }),
    graph: () => engine.graph.describe(),
    envoy: (kind) => describeResources(records.values(), kind, fleet),
    proxies: () => ({ connected: describeProxies(fleet, engine.driven.workloadCertificates), members: [] }),
    proxyMetrics: (workload) => (workload === undefined ? proxySide.metrics() : mesh.metricsOf(workload)),
    metrics: () =>
      metrics.render({
        engine,
        resources: [...records.values()].length,
        proxies: proxyCountsOf(fleet),
        ready: notReady() === undefined,
        diagnostics: diagnostics(),
        filesHeld: files.held.length,
      }),
  };
}
