/**
 * What every sidecar has, whatever is in the mesh: where the kernel redirects its workload's connections to.
 *
 *   outbound  each goes to the frontend of its destination; where there is none, on to where it was going
 *   inbound   mutual TLS of the mesh is ended here, everything else is taken as it is; then it goes on to the workload. What other
 *             proxies know to be HTTP is taken as that, so that they can be answered
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  Cluster_DiscoveryType as DiscoveryType,
  Cluster_LbPolicy as LbPolicy,
  ClusterSchema,
} from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  FilterChainMatchSchema,
  FilterChainSchema,
} from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { FilterChain } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import {
  HttpProtocolOptions_UseDownstreamHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from "../../generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { ListenerSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import {
  type Access,
  ALL_SIDECARS,
  HANDOVER_ADDRESS,
  SIDECAR_PORTS,
  type StreamBackendKey,
} from "../../model/index.ts";
import { inboundStreamAccessLog } from "../access-log.ts";
import { socketAddress } from "../address.ts";
import { HTTP1_IDLE_SECONDS } from "../clusters/cluster.ts";
import { seconds } from "../duration.ts";
import { originalDestination, tlsInspector } from "../listeners/inspectors.ts";
import { CONNECTION_BUFFER_BYTES, keepAlive } from "../listeners/listener.ts";
import { streamFilters } from "../listeners/stream-filters.ts";
import { type EnvoyRecord, recordOf, type ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { ACCESS_FILTERS, accessRecords, handoverFilter, networkAccessFilters, openAccess } from "./access-filters.ts";
import { inboundHttp } from "./inbound-http.ts";
import { MESH_SECRETS, type MeshContent, meshProtocol, mutualTlsServer } from "./mutual-tls.ts";

/** Sends on to where a connection was going. */
const ONWARD = "mesh/onward" as StreamBackendKey;
/** The same, when that is the workload: then the kernel must not take it for one of the workload's own. */
const WORKLOAD = "mesh/workload" as StreamBackendKey;
/** A workload that does not take a connection within it is as good as gone. */
const CONNECT_SECONDS = 5;

export function sidecarRecords(settings: EnvoySettings): EnvoyRecord[] {
  return [
    outbound(settings),
    inbound(settings),
    onward(ONWARD),
    onward(WORKLOAD, HANDOVER_ADDRESS),
    ...accessRecords(openAccess, WORKLOAD, settings),
  ];
}

/** Those that have the place of the filters of before for some workloads. */
export const protectedRecords = (access: Access, settings: EnvoySettings): EnvoyRecord[] =>
  accessRecords(access, WORKLOAD, settings);

const forAll = { audience: ALL_SIDECARS, unasked: true } as const;
const cluster = (name: StreamBackendKey): ResourceId => ({ kind: "cluster", name });

function outbound(settings: EnvoySettings): EnvoyRecord {
  const name = "mesh/outbound";
  return recordOf(
    { kind: "listener", name, needs: [cluster(ONWARD)], ...forAll, origins: [] },
    ListenerSchema,
    create(ListenerSchema, {
      name,
      address: socketAddress("tcp", "0.0.0.0", SIDECAR_PORTS.outbound),
      statPrefix: "mesh",
      useOriginalDst: true,
      filterChains: [refusing(SIDECAR_PORTS.outbound), chainTo(ONWARD, "outbound", settings)],
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
      socketOptions: [...keepAlive],
    }),
  );
}

function inbound(settings: EnvoySettings): EnvoyRecord {
  const name = "mesh/inbound";
  return recordOf(
    { kind: "listener", name, needs: [cluster(WORKLOAD), ...MESH_SECRETS, ...ACCESS_FILTERS], ...forAll, origins: [] },
    ListenerSchema,
    create(ListenerSchema, {
      name,
      address: socketAddress("tcp", "0.0.0.0", SIDECAR_PORTS.inbound),
      statPrefix: "mesh",
      listenerFilters: [originalDestination, tlsInspector],
      // A caller outside the mesh may wait for the workload to speak first; proxies of the mesh never do.
      listenerFiltersTimeout: seconds(1),
      continueOnListenerFiltersTimeout: true,
      filterChains: [
        refusing(SIDECAR_PORTS.inbound),
        ...(["http/1.1", "h2", "bytes"] as const).map((content) => meshChain(content, settings)),
        fromOutside("plain"),
        // Envoy looks for TLS of other protocols among the chains for TLS alone.
        { ...fromOutside("tls"), filterChainMatch: create(FilterChainMatchSchema, { transportProtocol: "tls" }) },
      ],
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
      socketOptions: [...keepAlive],
    }),
  );
}

/** Whoever connects to the port itself was redirected by nobody, and would be sent to the port again, and again. */
const refusing = (port: number): FilterChain =>
  create(FilterChainSchema, {
    name: "refused",
    filterChainMatch: create(FilterChainMatchSchema, { destinationPort: port }),
  });

const chainTo = (target: StreamBackendKey, name: string, settings: EnvoySettings): FilterChain =>
  create(FilterChainSchema, { name, filters: streamFilters("tcp", target, settings) });

/** Of callers who are not in the mesh. */
const fromOutside = (name: string): FilterChain =>
  create(FilterChainSchema, { name, filters: [...networkAccessFilters, handoverFilter] });

/** A workload is spoken to as it was called; an idle connection goes before the workload may close it under a request. */
const asCallers = create(HttpProtocolOptionsSchema, {
  commonHttpProtocolOptions: { idleTimeout: seconds(HTTP1_IDLE_SECONDS) },
  upstreamProtocolOptions: {
    case: "useDownstreamProtocolConfig",
    value: create(HttpProtocolOptions_UseDownstreamHttpConfigSchema, {
      httpProtocolOptions: {},
      http2ProtocolOptions: {},
    }),
  },
});

/** Of connections from other proxies, by what is inside. */
const meshChain = (content: MeshContent, settings: EnvoySettings): FilterChain =>
  create(FilterChainSchema, {
    name: "mesh",
    filterChainMatch: create(FilterChainMatchSchema, {
      transportProtocol: "tls",
      applicationProtocols: [meshProtocol(content)],
    }),
    transportSocket: mutualTlsServer(content),
    filters:
      content === "bytes"
        ? [...networkAccessFilters, ...streamFilters("tcp", WORKLOAD, settings, inboundStreamAccessLog)]
        : [inboundHttp(content, WORKLOAD, settings)],
  });

function onward(name: StreamBackendKey, from?: string): EnvoyRecord {
  return recordOf(
    { ...cluster(name), needs: [], ...forAll, origins: [] },
    ClusterSchema,
    create(ClusterSchema, {
      name,
      clusterDiscoveryType: { case: "type", value: DiscoveryType.ORIGINAL_DST },
      lbPolicy: LbPolicy.CLUSTER_PROVIDED,
      connectTimeout: seconds(CONNECT_SECONDS),
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
      typedExtensionProtocolOptions: {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyPack(HttpProtocolOptionsSchema, asCallers),
      },
      ...(from !== undefined && {
        upstreamBindConfig: { sourceAddress: { address: from, portSpecifier: { case: "portValue", value: 0 } } },
      }),
    }),
  );
}
