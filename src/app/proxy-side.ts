/**
 * Everything between the engine and its Envoy: resources out over ADS, answers back into reports, the process itself.
 */
import type { Logger } from "pino";
import type { Collection } from "../collections/index.ts";
import { type ProxyKey, proxyVariables, type SocketKey } from "../model/index.ts";
import { defaultSettings, type EnvoyRecord, envoyResources } from "../envoy/index.ts";
import type { DeltaDiscoveryResponse } from "../generated/envoy/service/discovery/v3/discovery_pb.ts";
import {
  bootstrapOf,
  machineLimits,
  portProblemOfRefusal,
  probePort,
  type ProxyEvent,
  type ProxyProcess,
  startProxy,
  type StateDirectory,
} from "../proxy/index.ts";
import { type ProxyGroup, startAdsServer } from "../transport/index.ts";
import type { Fact, ResourceId } from "../xds/index.ts";
import type { Engine } from "./engine.ts";
import { HealthWatch } from "./health-watch.ts";
import { PortGate, portOfSocket } from "./port-gate.ts";
import { ProxyFleet } from "./proxy-fleet.ts";
import { Readiness } from "./readiness.ts";
import { ReportWriter } from "./report-writer.ts";
import { ResourceFeed } from "./resource-feed.ts";
import { runningProxy, type RunningProxy } from "./running-proxy.ts";
import { LOCAL_PROXY } from "./standalone-settings.ts";

export interface ProxySideOptions {
  readonly envoyPath: string;
  readonly directory: StateDirectory;
  readonly concurrency?: number;
  /** Whether Envoy writes its access log; it does unless told otherwise. */
  readonly accessLog?: boolean;
  readonly onProxyEvent: (event: ProxyEvent) => void;
  readonly onFacts: (facts: readonly Fact[]) => void;
  /** A proxy asked by name for what is there, and is not for it. */
  readonly onWithheld?: (proxy: ProxyKey, ids: readonly ResourceId[]) => void;
  /** A message was queued for a proxy. */
  readonly onSent?: (message: DeltaDiscoveryResponse) => void;
  readonly log: Logger;
}

export interface ProxySide extends RunningProxy {
  readonly records: Collection<EnvoyRecord>;
  readonly fleet: ProxyFleet;
  /** Clusters none of whose endpoints has passed its health check yet. */
  unhealthy(): readonly string[];
  /** Envoy's process; undefined between two. */
  readonly envoyPid: number | undefined;
  /**
   * What is still missing until the first complete state is acknowledged; undefined from then on, for good. `isStarting`: whether a
   * proxy beside a workload is one that may yet come. Default: each.
   */
  notReady(isStarting?: (proxy: ProxyKey) => boolean): string | undefined;
}

/** What was in the way of a refused listener may go by itself: it is tried again this often. */
const RETRY_MS = 2_000;

/** The sources must have been read once: what the engine holds now is the first complete state. */
export async function startProxySide(engine: Engine, options: ProxySideOptions): Promise<ProxySide> {
  await using starting = new AsyncDisposableStack();
  const records = recordsOf(engine, options);
  const gate: PortGate = starting.use(
    new PortGate({
      opened: (listener) => feed.release(listener),
      changed: (listener) => reports.touch([`listener/${listener}`]),
    }),
  );
  const health: HealthWatch = starting.use(
    new HealthWatch({
      healthyVersions: (clusters) => proxy.healthyClusterVersions(clusters),
      changed: (clusters) => reports.touchUsers(clusters),
    }),
  );
  const fleet: ProxyFleet = new ProxyFleet({
    sent: (message) => options.onSent?.(message),
    learnt: (facts) => {
      options.onFacts(facts);
      health.forgetRemoved(facts);
    },
    // Envoys beside workloads are not asked, as in a cluster.
    warming: (connection, facts) => {
      if (local.connections.has(connection)) health.take(connection, facts);
      else for (const { id, version } of facts) connection.warmed(id.name, version);
    },
    disconnected: (connection) => health.forget(connection),
    changed: (keys) => reports.touch(keys),
    connections: (proxy) => reports.touchProxy(proxy),
    withheld: (proxy, ids) => options.onWithheld?.(proxy, ids),
  });
  const barrierOf = (socket: SocketKey): string | undefined => gate.barrierOf(socket);
  const reports: ReportWriter = new ReportWriter(
    { engine, records, fleet, barrierOf, isUnhealthy: (cluster) => health.isAwaited(cluster) },
    engine.driven,
  );
  const feed: ResourceFeed = starting.use(new ResourceFeed(engine.graph, records, fleet, gate));
  const local: ProxyGroup = fleet.groupOf(LOCAL_PROXY);
  const ads = await startAdsServer({ listen: { path: options.directory.adsSocket }, admit: () => local });
  starting.defer(() => ads.close());
  const proxy: ProxyProcess = await startEnvoy(options);
  gate.hold(await listenersIn(proxy));
  feed.open();
  starting.use(retryingRefused(records, fleet));
  const readiness = new Readiness({
    records,
    fleet,
    isComplete: () => local.resources.complete,
    barrierOf,
    onLeftOut: (proxies) =>
      options.log.warn({ proxies }, "ready, though these sidecars have not acknowledged everything"),
  });
  return proxySideOf({ records, fleet, health, proxy, readiness }, starting.move());
}

interface Parts extends Pick<ProxySide, "records" | "fleet"> {
  readonly health: HealthWatch;
  readonly proxy: ProxyProcess;
  readonly readiness: Readiness;
}

const proxySideOf = (
  { records, fleet, health, proxy, readiness }: Parts,
  running: AsyncDisposableStack,
): ProxySide => ({
  ...runningProxy(proxy, running),
  records,
  fleet,
  unhealthy: () => health.awaited(),
  get envoyPid() {
    return proxy.pid;
  },
  notReady: (isStarting = () => true) => readiness.missing(isStarting),
});

function recordsOf({ graph, model }: Engine, options: ProxySideOptions): Collection<EnvoyRecord> {
  const accessLog = (options.accessLog ?? true) ? "all" : "none";
  return envoyResources(graph, model, {
    ...defaultSettings,
    accessLog,
    sidecarAccessLog: accessLog,
    redirection: false,
  });
}

function startEnvoy({ envoyPath, directory, concurrency, onProxyEvent }: ProxySideOptions): Promise<ProxyProcess> {
  const bootstrap = bootstrapOf({
    node: { id: "local", cluster: "trilith" },
    controlPlane: { path: directory.adsSocket },
    adminSocket: directory.adminSocket,
    limits: machineLimits(),
  });
  return startProxy({
    envoyPath,
    stateDirectory: directory,
    bootstrap,
    variables: proxyVariables({}),
    onEvent: onProxyEvent,
    ...(concurrency !== undefined && { concurrency }),
  });
}

/** An Envoy that was taken over has listeners already, and their ports are its own. */
async function listenersIn(proxy: ProxyProcess): Promise<string[]> {
  const { status, body } = await proxy.admin.ask("GET", "/listeners?format=json");
  if (status !== 200) return [];
  const { listener_statuses = [] } = JSON.parse(body) as { listener_statuses?: { name: string }[] };
  return listener_statuses.map(({ name }) => name);
}

function retryingRefused(records: Collection<EnvoyRecord>, fleet: ProxyFleet): Disposable {
  const retrying = setInterval(() => void retryRefused(records, fleet), RETRY_MS);
  return { [Symbol.dispose]: () => clearInterval(retrying) };
}

/** A refused listener is not sent again for nothing, since Envoy complains aloud each time: its port is tried here first. */
async function retryRefused(records: Collection<EnvoyRecord>, fleet: ProxyFleet): Promise<void> {
  const listeners = [...records.values()].filter(({ kind }) => kind === "listener");
  for (const record of listeners) {
    const delivery = fleet.deliveryOf(record);
    if (delivery.state !== "refused" || portProblemOfRefusal(delivery.message) === undefined) continue;
    const port = portOfSocket(record.name);
    const isFree = port === undefined || (await probePort(port).catch(() => "unknown")) === "free";
    if (isFree) fleet.retry([{ kind: record.kind, name: record.name }]);
  }
}
