/**
 * What every sidecar has, whatever is in the mesh: where the kernel redirects its workload's connections to.
 *
 *   outbound  each goes to the frontend of its destination; where there is none, on to where it was going
 *   inbound   mutual TLS of the mesh is ended here, everything else is taken as it is; then it goes on to the workload
 */
import { create } from "@bufbuild/protobuf";
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
import { ListenerSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import { ALL_SIDECARS, SIDECAR_PORTS, type StreamBackendKey } from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { seconds } from "../duration.ts";
import { originalDestination, tlsInspector } from "../listeners/inspectors.ts";
import { CONNECTION_BUFFER_BYTES, keepAlive } from "../listeners/listener.ts";
import { streamFilters } from "../listeners/stream-filters.ts";
import { type EnvoyRecord, recordOf, type ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { MESH_PROTOCOL, MESH_SECRETS, mutualTlsServer } from "./mutual-tls.ts";

/** Sends on to the destination that a connection had: of the outside, or of the workload itself. */
const ONWARD = "mesh/onward" as StreamBackendKey;
/** A workload that does not take a connection within it is as good as gone. */
const CONNECT_SECONDS = 5;

export function sidecarRecords(settings: EnvoySettings): EnvoyRecord[] {
  return [outbound(settings), inbound(settings), onward()];
}

const forAll = { audience: ALL_SIDECARS, unasked: true } as const;
const onwardId: ResourceId = { kind: "cluster", name: ONWARD };

function outbound(settings: EnvoySettings): EnvoyRecord {
  const name = "mesh/outbound";
  return recordOf(
    { kind: "listener", name, needs: [onwardId], ...forAll, origins: [] },
    ListenerSchema,
    create(ListenerSchema, {
      name,
      address: socketAddress("tcp", "0.0.0.0", SIDECAR_PORTS.outbound),
      statPrefix: "mesh",
      useOriginalDst: true,
      filterChains: [refusing(SIDECAR_PORTS.outbound), onwardChain("outbound", settings)],
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
      socketOptions: [...keepAlive],
    }),
  );
}

function inbound(settings: EnvoySettings): EnvoyRecord {
  const name = "mesh/inbound";
  return recordOf(
    { kind: "listener", name, needs: [onwardId, ...MESH_SECRETS], ...forAll, origins: [] },
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
        {
          ...onwardChain("mesh", settings),
          filterChainMatch: create(FilterChainMatchSchema, {
            transportProtocol: "tls",
            applicationProtocols: [MESH_PROTOCOL],
          }),
          transportSocket: mutualTlsServer(),
        },
        onwardChain("plain", settings),
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

const onwardChain = (name: string, settings: EnvoySettings): FilterChain =>
  create(FilterChainSchema, { name, filters: streamFilters("tcp", ONWARD, settings) });

function onward(): EnvoyRecord {
  return recordOf(
    { ...onwardId, needs: [], ...forAll, origins: [] },
    ClusterSchema,
    create(ClusterSchema, {
      name: ONWARD,
      clusterDiscoveryType: { case: "type", value: DiscoveryType.ORIGINAL_DST },
      lbPolicy: LbPolicy.CLUSTER_PROVIDED,
      connectTimeout: seconds(CONNECT_SECONDS),
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
    }),
  );
}
