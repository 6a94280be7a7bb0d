/** What a replica shows of itself: to probes and Prometheus what anybody may see, on loopback everything. */
import type { AdminSources, HealthSources } from "../admin/index.ts";
import { sidecarKey } from "../model/index.ts";
import { formatObject, parseObjectKey } from "../resources/index.ts";
import type { Finding } from "../translate/index.ts";
import type { ClusterIdentity } from "./cluster-identity.ts";
import type { ClusterObjects } from "./cluster-objects.ts";
import type { ClusterProxies } from "./cluster-proxies.ts";
import { describeProxies } from "./describe-proxies.ts";
import { describeResources } from "./describe-resources.ts";
import { type Diagnostic, diagnose } from "./diagnosis.ts";
import type { Engine } from "./engine.ts";
import type { GatewayInfrastructure } from "./gateway-infrastructure.ts";
import type { Leadership } from "./leadership.ts";
import type { Metrics } from "./metrics.ts";
import type { PeerExchange } from "./peer-exchange.ts";
import { noProxies, proxyCountsOf } from "./proxy-counts.ts";
import type { StatusDuty } from "./status-duty.ts";
import { troublesOf } from "./troubles.ts";

/** A replica that serves. */
export interface ServingReplica {
  readonly proxies: ClusterProxies;
  readonly peers: PeerExchange;
  readonly cluster: ClusterObjects;
  readonly identity: Pick<ClusterIdentity, "problem">;
  readonly infrastructure: GatewayInfrastructure;
  readonly statuses: StatusDuty;
  readonly leadership: Leadership;
}

export interface ReplicaView {
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly notReady: () => string | undefined;
  /** Undefined while it starts. */
  readonly serving: () => ServingReplica | undefined;
}

/** Of a replica that does not serve yet. */
const noFleet = { proxies: () => [], connectionsOf: () => [] };

export function controllerHealth(view: ReplicaView): HealthSources {
  const { engine, metrics, notReady } = view;
  return {
    notReady,
    metrics: () => {
      const serving = view.serving();
      return metrics.render({
        engine,
        resources: serving ? [...serving.proxies.records.values()].length : 0,
        proxies: serving ? proxyCountsOf(serving.proxies.fleet) : noProxies,
        ready: notReady() === undefined,
        diagnostics: diagnosticsOf(view),
        isAuthorityUnusable: serving?.identity.problem !== undefined,
        leading: serving?.leadership.isLeading ?? false,
        statusBacklog: serving?.statuses.backlog ?? 0,
      });
    },
  };
}

export function controllerAdmin(view: ReplicaView): AdminSources {
  const { engine } = view;
  return {
    ...controllerHealth(view),
    status: () => {
      const serving = view.serving();
      return {
        objects: [...engine.translation.statuses.values()].map(
          ({ apiVersion, kind, namespace, name, generation, status }) => ({
            apiVersion,
            kind,
            metadata: { ...(namespace !== undefined && { namespace }), name, generation },
            status,
          }),
        ),
        diagnostics: diagnosticsOf(view),
        leader: serving?.leadership.leader,
        replicas: serving?.peers.board.replicas ?? [],
        proxies: Object.fromEntries(
          [...engine.translation.infrastructure.values()].map(({ proxy }) => [
            proxy,
            serving?.peers.board.countOf(proxy) ?? { connected: 0, current: 0 },
          ]),
        ),
      };
    },
    graph: () => engine.graph.describe(),
    proxies: () => ({
      connected: describeProxies(view.serving()?.proxies.fleet ?? noFleet, engine.driven.workloadCertificates),
      members: [...engine.driven.meshMembers.values()].map(({ key, namespace, serviceAccount }) => ({
        pod: key,
        proxy: sidecarKey(namespace, serviceAccount),
      })),
    }),
    envoy: (kind) => {
      const serving = view.serving();
      return serving ? describeResources(serving.proxies.records.values(), kind, serving.proxies.fleet) : [];
    },
  };
}

/** Findings of translation, what cannot be read, what cannot be made, and what goes wrong behind that. */
export function diagnosticsOf({ engine, serving }: Pick<ReplicaView, "engine" | "serving">): Diagnostic[] {
  const replica = serving();
  const found = diagnose(
    { problems: [], places: new Map() },
    engine.translation.findings.values() as Iterable<Finding>,
  );
  if (replica === undefined) return found;
  const { cluster, identity, infrastructure, proxies } = replica;
  const { problem } = identity;
  const unusable: Diagnostic = {
    severity: "error",
    code: "authority-unusable",
    message: `the authority of all identities has a problem: ${problem?.message ?? ""}`,
    advice: "The last one that was good goes on; where there was none, one of Trilith's own signs",
  };
  const unmade = [...infrastructure.problems].map(([gateway, problem]): Diagnostic => ({
    severity: "error",
    code: "not-provisioned",
    object: formatObject(parseObjectKey(gateway)),
    message: `what the Gateway needs cannot be made: ${problem.message}`,
  }));
  return [
    ...cluster.problems,
    ...(problem ? [unusable] : []),
    ...found,
    ...unmade,
    ...troublesOf(engine.graph, proxies.records, proxies.fleet),
  ];
}
