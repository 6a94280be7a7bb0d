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
import { type AdminAddress, startAdminServer, startHealthServer } from "../admin/index.ts";
import { type AuthorityTimes, defaultIdentityTimes, type IdentityTimes } from "../identity/index.ts";
import type { AccessLogging } from "../envoy/index.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import type { Redirection } from "../mesh/index.ts";
import type { ProxyKey, UnknownDestinations } from "../model/index.ts";
import { NameClaims } from "../provision/index.ts";
import { Clock, NameResolver } from "../sources/index.ts";
import type { ConnectionAge } from "../transport/index.ts";
import { openClusterIdentity } from "./cluster-identity.ts";
import { sidecarOf, startClusterMesh } from "./cluster-mesh.ts";
import { followCluster } from "./cluster-objects.ts";
import { type ClusterProxies, startClusterProxies } from "./cluster-proxies.ts";
import {
  controllerAdmin,
  controllerHealth,
  diagnosticsOf,
  type ReplicaView,
  type ServingReplica,
} from "./controller-admin.ts";
import { controllerSettings } from "./controller-settings.ts";
import { createEngine } from "./engine.ts";
import { DiagnosticLog, logFacts, logFailure, logWithheld } from "./event-log.ts";
import { GatewayInfrastructure } from "./gateway-infrastructure.ts";
import { type EnvoyImage, installationOf } from "./installation.ts";
import { Leadership } from "./leadership.ts";
import { Metrics } from "./metrics.ts";
import { startMeshInjection } from "./mesh-injection.ts";
import { startPeerExchange } from "./peer-exchange.ts";
import { CONTROLLER_NAME } from "./standalone-settings.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";
import { logWaiting, Startup } from "./startup.ts";
import { StatusDuty } from "./status-duty.ts";

export interface ControllerOptions {
  readonly client: ApiClient;
  /** Where Trilith is installed. */
  readonly namespace: string;
  /** The name of its Service, and of its ServiceAccount. */
  readonly service: string;
  /** Unique among all processes: the pod's name. */
  readonly replica: string;
  /** The token to show to other replicas, in a file. */
  readonly peerTokenFile: string;
  readonly envoy: EnvoyImage;
  /** What Gateways' Envoys listen on; `::` takes both families, and not every kernel has it. Default `0.0.0.0`. */
  readonly bindAddress?: "0.0.0.0" | "::";
  /** Of this pod. Default: one of IPv4. */
  readonly podAddress?: string | undefined;
  /** Default: `defaultIdentityTimes`. */
  readonly identity?: IdentityTimes;
  /** Absent: no mesh. */
  readonly mesh?: {
    readonly trustDomain: string;
    /** What becomes of connections to addresses that are nobody's in the cluster. */
    readonly unknownDestinations: UnknownDestinations;
    /** Where Services and pods have their addresses. */
    readonly networks: readonly string[];
    readonly redirection: Redirection;
    /** What sidecars log; default: everything. */
    readonly accessLog?: AccessLogging;
  };
  readonly listen: {
    readonly xds: AdminAddress;
    readonly peers: AdminAddress;
    /** Where the API server asks about new pods of the mesh. */
    readonly pods: AdminAddress;
    /** For probes and Prometheus. */
    readonly health: AdminAddress;
    /** Everything, to whoever can reach it: loopback. */
    readonly admin: AdminAddress;
  };
  readonly log: Logger;
  /** Default: as docs/decisions/proxy-identity.md and docs/decisions/replicas.md say. */
  readonly times?: ControllerTimes;
}

export interface ControllerTimes {
  readonly authority?: Partial<AuthorityTimes>;
  /** How long an Envoy's stream lasts. */
  readonly streamAge?: ConnectionAge;
  /** How long an Envoy that has what this replica does not know yet waits at most. */
  readonly catchUpMs?: number;
}

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

/** In the order in which each needs the ones before; what fails, takes down what was started. */
async function startReplica(
  options: ControllerOptions,
  { engine, metrics }: ReplicaView,
  { awaits }: Startup,
  starting: AsyncDisposableStack,
): Promise<ServingReplica> {
  const { client, namespace, service, replica, listen, mesh, times = {}, log } = options;
  const { identity: identityTimes = defaultIdentityTimes } = options;
  const { graph, translation, driven } = engine;
  const names = new NameClaims(graph, translation.infrastructure);
  const identity = starting.use(
    await openClusterIdentity({
      client,
      namespace,
      service,
      names,
      sidecarOf: (account) => sidecarOf(engine, account),
      times: identityTimes,
      authorityTimes: times.authority,
      onRefused: (caller, reason) => metrics.countRefusedCaller(caller, reason),
      log,
    }),
  );
  let fleet: ProxyFleet | undefined;
  const isConnected = (proxy: ProxyKey): boolean => (fleet?.connectedTo(proxy) ?? 0) > 0;
  if (mesh)
    starting.use(
      await startClusterMesh({
        client,
        engine,
        identity,
        times: identityTimes,
        trustDomain: mesh.trustDomain,
        isConnected,
        awaits,
        log,
      }),
    );
  const cluster = starting.use(await followCluster({ client, engine, awaits, log }));
  starting.use(new Clock(driven.clock));
  starting.use(new NameResolver(graph, translation.wantedNames, driven.resolvedNames));
  const installation = installationOf(options, identity.bundle);
  const infrastructure = starting.use(new GatewayInfrastructure({ client, engine, names, installation, log }));
  identity.onBundle((bundle) => infrastructure.reinstall(installationOf(options, bundle)));
  awaits(() => infrastructure.unread);
  await infrastructure.synced;
  const peers = starting.use(
    await startPeerExchange({
      engine,
      stored: cluster.stored,
      controllerName: CONTROLLER_NAME,
      replica,
      listen: listen.peers,
      ...identity.forPeers(options.peerTokenFile),
      service: { namespace, name: service },
      onProblem: (problem) => log.warn(problem),
    }),
  );
  identity.onServerCertificate((tls) => peers.server.setSecureContext(tls));
  const proxies: ClusterProxies = starting.use(
    await startClusterProxies(engine, {
      ads: { listen: listen.xds, tls: identity.serverCertificate, age: times.streamAge },
      catchUpMs: times.catchUpMs,
      sidecarAccessLog: mesh?.accessLog,
      admit: (caller) => identity.admit(caller),
      sink: peers.board.local,
      onFacts: (facts) => {
        metrics.countFacts(facts);
        logFacts(log, facts);
      },
      onSent: (message) => metrics.countSent(message),
      onWithheld: (proxy, ids) => {
        metrics.countWithheld(ids);
        logWithheld(log, proxy, ids);
      },
      onFleet: (fleet) => peers.count(fleet),
    }),
  );
  ({ fleet } = proxies);
  identity.onServerCertificate((tls) => proxies.ads.setSecureContext(tls));
  peers.open();
  const statuses = starting.use(
    new StatusDuty({ client, engine, stored: cluster.stored, replica, metrics: metrics.statuses, log }),
  );
  cluster.onStored((keys) => statuses.look(keys));
  const injection =
    mesh && starting.use(await startMeshInjection({ ...options, mesh, engine, identity, listenForPods: listen.pods }));
  const duties = [statuses, infrastructure, ...(injection?.duties ?? [])];
  const leadership = starting.use(new Leadership({ client, namespace, holder: replica, duties, log }));
  return { proxies, peers, cluster, identity, infrastructure, statuses, leadership };
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
