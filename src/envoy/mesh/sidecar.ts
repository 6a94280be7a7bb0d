/**
 * What every sidecar has, whatever is in the mesh: where the kernel redirects its workload's connections to.
 *
 *   outbound  see outbound.ts
 *   inbound   mutual TLS of the mesh is ended here, everything else is taken as it is; then it goes on to the workload. What other
 *             proxies know to be HTTP is taken as that, so that they can be answered
 */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ClusterSchema } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { TrafficDirection } from "../../generated/envoy/config/core/v3/base_pb.ts";
import {
  FilterChainMatchSchema,
  FilterChainSchema,
} from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { FilterChain } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { UpstreamConnectMode } from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import type { TcpProxy } from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { ListenerSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import {
  type Access,
  ALL_SIDECARS,
  havingIPv6,
  type MeshTelemetry,
  type ProxyKey,
  SIDECAR_PORTS,
  type StreamBackendKey,
  type Tracing,
} from "../../model/index.ts";
import { networkAccessFilters } from "../access/access-filters.ts";
import { seconds } from "../duration.ts";
import { collectorOf } from "../listeners/filter-chain.ts";
import { originalDestination, tlsInspector } from "../listeners/inspectors.ts";
import { CONNECTION_BUFFER_BYTES, keepAlive } from "../listeners/listener.ts";
import { tcpProxyFilter, tcpProxyOf } from "../listeners/stream-filters.ts";
import { type EnvoyRecord, recordOf, type ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { ACCESS_FILTERS, accessRecords, handoverFilter, MESH_ACCESS, openAccess } from "./access-filters.ts";
import { handover, inEachFamily, onEveryAddress } from "./families.ts";
import { inboundHttp } from "./inbound-http.ts";
import { MESH_SECRETS, type MeshContent, meshProtocol, mutualTlsServer } from "./mutual-tls.ts";
import { onwardCluster } from "./onward-cluster.ts";
import { againRecord, ONWARD, refusing } from "./outbound.ts";

/** On to where a connection was going, when that is the workload. */
const WORKLOAD = "mesh/workload" as StreamBackendKey;

/** `telemetry`: of whichever audiences policies speak. */
export function sidecarRecords(telemetry: readonly MeshTelemetry[], settings: EnvoySettings): EnvoyRecord[] {
  const narrower = telemetry.filter(({ key }) => key !== ALL_SIDECARS);
  const ofAll = telemetry.find(({ key }) => key === ALL_SIDECARS) ?? { key: ALL_SIDECARS };
  const inbounds = [ofAll, ...narrower].flatMap(({ key, tracing }) =>
    inEachFamily(key, (audience, hasIPv6) => inbound(audience, hasIPv6, tracing, settings)),
  );
  return [
    ...(settings.redirection
      ? [
          againRecord(settings),
          ...inbounds,
          onward(ONWARD, ALL_SIDECARS),
          onward(WORKLOAD, havingIPv6(ALL_SIDECARS), { upstreamBindConfig: handover(true) }),
        ]
      : []),
    onward(WORKLOAD, ALL_SIDECARS, { upstreamBindConfig: handover(false) }),
    ...accessRecords(openAccess, WORKLOAD, settings),
  ];
}

/** Those that have the place of the filters of before for some workloads. */
export const protectedRecords = (access: Access, settings: EnvoySettings): EnvoyRecord[] =>
  accessRecords(access, WORKLOAD, settings);

const cluster = (name: StreamBackendKey): ResourceId => ({ kind: "cluster", name });

function inbound(
  audience: ProxyKey,
  hasIPv6: boolean,
  tracing: Tracing | undefined,
  settings: EnvoySettings,
): EnvoyRecord {
  const name = "mesh/inbound";
  return recordOf(
    { kind: "listener", name, needs: needsOfInbound(tracing), audience, unasked: true, origins: [] },
    ListenerSchema,
    create(ListenerSchema, {
      name,
      ...onEveryAddress(SIDECAR_PORTS.inbound, hasIPv6),
      ...INBOUND,
      listenerFilters: [originalDestination, tlsInspector],
      filterChains: [refusing(SIDECAR_PORTS.inbound), ...inboundChains(tracing, settings)],
    }),
  );
}

/** What a listener needs that others of the mesh connect to. */
export const needsOfInbound = (tracing: Tracing | undefined): readonly ResourceId[] => [
  cluster(WORKLOAD),
  ...MESH_SECRETS,
  ...ACCESS_FILTERS,
  ...collectorOf(tracing),
];

/** Of such a listener, what is the same wherever it listens. */
export const INBOUND: MessageInitShape<typeof ListenerSchema> = {
  statPrefix: "mesh",
  trafficDirection: TrafficDirection.INBOUND,
  // A caller outside the mesh may wait for the workload to speak first; proxies of the mesh never do.
  listenerFiltersTimeout: seconds(1),
  continueOnListenerFiltersTimeout: true,
  perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
  socketOptions: [...keepAlive],
};

export function inboundChains(tracing: Tracing | undefined, settings: EnvoySettings): FilterChain[] {
  return [
    ...(["http/1.1", "h2", "bytes"] as const).map((content) => meshChain(content, tracing, settings)),
    fromOutside("plain"),
    // Envoy looks for TLS of other protocols among the chains for TLS alone.
    { ...fromOutside("tls"), filterChainMatch: create(FilterChainMatchSchema, { transportProtocol: "tls" }) },
  ];
}

/** Of callers who are not in the mesh. */
const fromOutside = (name: string): FilterChain =>
  create(FilterChainSchema, { name, filters: [...networkAccessFilters(MESH_ACCESS), handoverFilter] });

/** Of connections from other proxies, by what is inside. */
const meshChain = (content: MeshContent, tracing: Tracing | undefined, settings: EnvoySettings): FilterChain =>
  create(FilterChainSchema, {
    name: "mesh",
    filterChainMatch: create(FilterChainMatchSchema, {
      transportProtocol: "tls",
      applicationProtocols: [meshProtocol(content)],
    }),
    transportSocket: mutualTlsServer(content),
    filters:
      content === "bytes"
        ? [...networkAccessFilters(MESH_ACCESS), tcpProxyFilter(provenBytes(settings))]
        : [inboundHttp(content, WORKLOAD, tracing, settings)],
  });

/** The workload is not reached before the caller has proved who it is, and then it is known who is counted. */
const provenBytes = (settings: EnvoySettings): TcpProxy => ({
  ...tcpProxyOf("tcp", WORKLOAD, settings, "destination"),
  upstreamConnectMode: UpstreamConnectMode.ON_DOWNSTREAM_TLS_HANDSHAKE,
  // Nothing can come before.
  maxEarlyDataBytes: 0,
});

function onward(
  name: StreamBackendKey,
  audience: ProxyKey,
  more?: MessageInitShape<typeof ClusterSchema>,
): EnvoyRecord {
  const cluster = onwardCluster(name, more);
  return recordOf({ kind: "cluster", name, needs: [], audience, unasked: true, origins: [] }, ClusterSchema, cluster);
}
