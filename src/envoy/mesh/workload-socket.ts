/**
 * Listeners of a sidecar to which nobody redirects: they are where its workload is called, and where it calls. Chains and filters are those
 * that a sidecar with redirection has; only where a connection goes on to has to be said here, since no kernel knows it.
 */
import { create } from "@bufbuild/protobuf";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { ListenerSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import type { Listener } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import {
  formatBackend,
  type InboundSocket,
  type OutboundSocket,
  type Tracing,
  type WorkloadSocket,
} from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { tlsInspector } from "../listeners/inspectors.ts";
import { keepAlive, portSharing } from "../listeners/listener.ts";
import { type EnvoyRecord, recordOf } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { filterStateFilter } from "./filter-state.ts";
import { callerName } from "./caller-name.ts";
import { callsOf, needsOfChains, tracedChains } from "./frontend.ts";
import { INBOUND, inboundChains, needsOfInbound } from "./sidecar.ts";

export function workloadSocketRecord(
  socket: WorkloadSocket,
  tracing: Tracing | undefined,
  settings: EnvoySettings,
): EnvoyRecord {
  const isInbound = socket.kind === "inbound";
  const chains = isInbound ? [] : tracedChains(socket.chains, tracing);
  return recordOf(
    {
      kind: "listener",
      name: socket.key,
      needs: isInbound ? needsOfInbound(tracing) : needsOfChains(chains),
      proxies: [socket.proxy],
      origins: [socket.workload, ...(isInbound ? [] : [formatBackend(socket.service)])],
    },
    ListenerSchema,
    isInbound ? inboundListener(socket, tracing, settings) : outboundListener({ ...socket, chains }, settings),
  );
}

function inboundListener(
  { key, address, port, localPort }: InboundSocket,
  tracing: Tracing | undefined,
  settings: EnvoySettings,
): Listener {
  const target = goingTo(`127.0.0.1:${localPort}`);
  return create(ListenerSchema, {
    name: key,
    address: socketAddress("tcp", address, port),
    ...INBOUND,
    listenerFilters: [tlsInspector],
    filterChains: inboundChains(tracing, settings).map((chain) => ({ ...chain, filters: [target, ...chain.filters] })),
    ...portSharing(settings),
  });
}

function outboundListener({ key, address, port, chains }: OutboundSocket, settings: EnvoySettings): Listener {
  const calls = callsOf(chains, settings);
  return create(ListenerSchema, {
    name: key,
    address: socketAddress("tcp", address, port),
    ...calls,
    filterChains: calls.filterChains.map((chain) => ({ ...chain, filters: [callerName, ...chain.filters] })),
    socketOptions: [...keepAlive],
    ...portSharing(settings),
  });
}

/** Says to the cluster for original destinations which one it is. */
const goingTo = (address: string): Filter =>
  filterStateFilter("envoy.network.transport_socket.original_dst_address", address);
