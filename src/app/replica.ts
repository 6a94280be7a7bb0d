/**
 * The parts of a replica that serves, in the order in which each needs the ones before: who is who, what the cluster has, what
 * Gateways have around them, the other replicas, the Envoys, and what is done by whoever leads.
 */
import { defaultIdentityTimes } from "../identity/index.ts";
import type { ProxyKey } from "../model/index.ts";
import { NameClaims } from "../provision/index.ts";
import { Clock, NameResolver } from "../sources/index.ts";
import { type ClusterIdentity, openClusterIdentity } from "./cluster-identity.ts";
import { sidecarOf, startClusterMesh } from "./cluster-mesh.ts";
import { type ClusterObjects, followCluster } from "./cluster-objects.ts";
import { type ClusterProxies, startClusterProxies } from "./cluster-proxies.ts";
import type { ReplicaView, ServingReplica } from "./controller-admin.ts";
import type { ControllerOptions } from "./controller-options.ts";
import type { Engine } from "./engine.ts";
import { logFacts, logWithheld } from "./event-log.ts";
import { GatewayInfrastructure } from "./gateway-infrastructure.ts";
import { installationOf } from "./installation.ts";
import { Leadership } from "./leadership.ts";
import type { Metrics } from "./metrics.ts";
import { startMeshInjection } from "./mesh-injection.ts";
import { type PeerExchange, startPeerExchange } from "./peer-exchange.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";
import { CONTROLLER_NAME } from "./standalone-settings.ts";
import type { Startup } from "./startup.ts";
import { StatusDuty } from "./status-duty.ts";

/** What was started when something fails is in `starting`, and the caller's to take down. */
export async function startReplica(
  options: ControllerOptions,
  { engine, metrics }: Pick<ReplicaView, "engine" | "metrics">,
  { awaits }: Startup,
  starting: AsyncDisposableStack,
): Promise<ServingReplica> {
  const { client, replica, mesh, log } = options;
  const { graph, translation, driven } = engine;
  const names = new NameClaims(graph, translation.infrastructure);
  const identity = starting.use(await openIdentity(options, engine, metrics, names));
  let fleet: ProxyFleet | undefined;
  const isConnected = (proxy: ProxyKey): boolean => (fleet?.connectedTo(proxy) ?? 0) > 0;
  if (mesh) {
    const { trustDomain } = mesh;
    const times = identityTimesOf(options);
    starting.use(await startClusterMesh({ client, engine, identity, times, trustDomain, isConnected, awaits, log }));
  }
  const cluster = starting.use(await followCluster({ client, engine, awaits, log }));
  starting.use(new Clock(driven.clock));
  starting.use(new NameResolver(graph, translation.wantedNames, driven.resolvedNames));
  const infrastructure = starting.use(followInfrastructure(options, engine, identity, names));
  awaits(() => infrastructure.unread);
  await infrastructure.synced;
  const peers = starting.use(await startPeers(options, engine, identity, cluster));
  const proxies = starting.use(await startProxies(options, engine, metrics, identity, peers));
  ({ fleet } = proxies);
  peers.open();
  const statuses = starting.use(
    new StatusDuty({ client, engine, stored: cluster.stored, replica, metrics: metrics.statuses, log }),
  );
  cluster.onStored((keys) => statuses.look(keys));
  const injection =
    mesh &&
    starting.use(await startMeshInjection({ ...options, mesh, engine, identity, listenForPods: options.listen.pods }));
  const duties = [statuses, infrastructure, ...(injection?.duties ?? [])];
  const leadership = starting.use(
    new Leadership({ client, namespace: options.namespace, holder: replica, duties, log }),
  );
  return { proxies, peers, cluster, identity, infrastructure, statuses, leadership };
}

const identityTimesOf = ({ identity = defaultIdentityTimes }: ControllerOptions): typeof identity => identity;

const openIdentity = (
  options: ControllerOptions,
  engine: Engine,
  metrics: Metrics,
  names: NameClaims,
): Promise<ClusterIdentity> => {
  const { client, namespace, service, times, log } = options;
  return openClusterIdentity({
    client,
    namespace,
    service,
    names,
    sidecarOf: (account) => sidecarOf(engine, account),
    times: identityTimesOf(options),
    authorityTimes: times?.authority,
    onRefused: (caller, reason) => metrics.countRefusedCaller(caller, reason),
    log,
  });
};

/** The roots that Envoys trust are part of what each Gateway gets. */
function followInfrastructure(
  options: ControllerOptions,
  engine: Engine,
  identity: ClusterIdentity,
  names: NameClaims,
): GatewayInfrastructure {
  const { client, log } = options;
  const installation = installationOf(options, identity.bundle);
  const infrastructure = new GatewayInfrastructure({ client, engine, names, installation, log });
  identity.onBundle((bundle) => infrastructure.reinstall(installationOf(options, bundle)));
  return infrastructure;
}

async function startPeers(
  { namespace, service, replica, listen, peerTokenFile, log }: ControllerOptions,
  engine: Engine,
  identity: ClusterIdentity,
  { stored }: ClusterObjects,
): Promise<PeerExchange> {
  const peers = await startPeerExchange({
    engine,
    stored,
    controllerName: CONTROLLER_NAME,
    replica,
    listen: listen.peers,
    ...identity.forPeers(peerTokenFile),
    service: { namespace, name: service },
    onProblem: (problem) => log.warn(problem),
  });
  identity.onServerCertificate((tls) => peers.server.setSecureContext(tls));
  return peers;
}

async function startProxies(
  { listen, mesh, times, log }: ControllerOptions,
  engine: Engine,
  metrics: Metrics,
  identity: ClusterIdentity,
  peers: PeerExchange,
): Promise<ClusterProxies> {
  const proxies = await startClusterProxies(engine, {
    ads: { listen: listen.xds, tls: identity.serverCertificate, age: times?.streamAge },
    catchUpMs: times?.catchUpMs,
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
  });
  identity.onServerCertificate((tls) => proxies.ads.setSecureContext(tls));
  return proxies;
}
