/**
 * A socket as Envoy's listener. All but the filter chains depends on nothing that changes while the socket lives, so that
 * Envoy takes a changed chain in place, without draining the others.
 */
import { create } from "@bufbuild/protobuf";
import { SocketOption_SocketState, SocketOptionSchema } from "../../generated/envoy/config/core/v3/socket_option_pb.ts";
import type { SocketOption } from "../../generated/envoy/config/core/v3/socket_option_pb.ts";
import {
  Listener_ConnectionBalanceConfig_ExactBalanceSchema,
  Listener_ConnectionBalanceConfigSchema,
  ListenerSchema,
} from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import type { Listener } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import type { Chain, Socket } from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { recordOf, recordKey } from "../record.ts";
import type { EnvoyRecord } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { filterChain, needsOfChain } from "./filter-chain.ts";
import { accessFiltersOf, takesMembers } from "./gateway-access.ts";
import { tlsInspector } from "./inspectors.ts";
import { membersChains, needsOfMembers } from "./members-chain.ts";
import { datagramFilter, MAX_DATAGRAM_BYTES } from "./stream-filters.ts";

/**
 * What Envoy buffers for a connection whose peer reads slowly, in either direction. A quarter of its default: a thousand
 * stalled clients pin 256 MiB rather than 1 GiB, and the kernel's own buffers keep fast ones fast.
 */
export const CONNECTION_BUFFER_BYTES: number = 256 * 1024;

export function listenerRecord(socket: Socket, settings: EnvoySettings): EnvoyRecord {
  const named = socket.chains.flatMap((chain) => [
    ...needsOfChain(chain),
    ...needsOfMembers(chain),
    ...accessFiltersOf(chain, socket.gateway),
  ]);
  const needs = new Map(named.map((need) => [recordKey(need), need]));
  return recordOf(
    {
      kind: "listener",
      name: socket.key,
      needs: [...needs.values()],
      proxies: [socket.proxy],
      origins: [...new Set(socket.chains.flatMap((chain) => chain.listeners))],
    },
    ListenerSchema,
    socket.transport === "udp" ? datagramListener(socket, settings) : connectionListener(socket, settings),
  );
}

function connectionListener(socket: Socket, settings: EnvoySettings): Listener {
  const hasMembers = socket.chains.some(takesMembers);
  return create(ListenerSchema, {
    name: socket.key,
    address: socketAddress("tcp", socket.address, socket.port, socket.onlyIPv6),
    statPrefix: statPrefixOf(socket),
    filterChains: socket.chains.flatMap((chain) => [
      filterChain(chain, settings, { kind: "clients", gateway: socket.gateway }),
      ...membersChains(chain, socket.gateway, settings),
    ]),
    listenerFilters: hasMembers || socket.chains.some(isTls) ? [tlsInspector] : [],
    // A client that says nothing yet is none of the mesh, and need not speak before others have to.
    ...(hasMembers && { continueOnListenerFiltersTimeout: true }),
    perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
    socketOptions: [...keepAlive],
    ...portSharing(settings),
  });
}

/** Datagrams have no chains: the one target is in the listener, and changing to another rule's starts a new listener. */
function datagramListener(socket: Socket, settings: EnvoySettings): Listener {
  const [chain] = socket.chains;
  return create(ListenerSchema, {
    name: socket.key,
    address: socketAddress("udp", socket.address, socket.port, socket.onlyIPv6),
    statPrefix: statPrefixOf(socket),
    listenerFilters: [datagramFilter(chain?.kind === "udp" ? chain.target : undefined, settings)],
    udpListenerConfig: { downstreamSocketConfig: { maxRxDatagramSize: MAX_DATAGRAM_BYTES } },
    // More than one worker cannot do without.
    enableReusePort: true,
  });
}

/** Workers that take connections from one socket would take unequal numbers of them, so Envoy deals them out. */
export function portSharing({
  reusePort,
}: EnvoySettings): Pick<Listener, "enableReusePort" | "connectionBalanceConfig"> {
  if (reusePort) return { enableReusePort: true };
  const exactBalance = create(Listener_ConnectionBalanceConfig_ExactBalanceSchema);
  return {
    enableReusePort: false,
    connectionBalanceConfig: create(Listener_ConnectionBalanceConfigSchema, {
      balanceType: { case: "exactBalance", value: exactBalance },
    }),
  };
}

/** One set of statistics per port, whatever the address. */
const statPrefixOf = ({ transport, port }: Socket): string => `${transport}_${port}`;

const isTls = ({ kind }: Chain): boolean => kind === "https" || kind === "tls";

/**
 * TCP keep-alive, which accepted connections inherit: a peer that is gone without a word is noticed after two minutes, so
 * that long idle timeouts cost nothing. The numbers are Linux's (socket(7), tcp(7)).
 */
export const keepAlive: readonly SocketOption[] = [
  integerOption("SO_KEEPALIVE", 1, 9, 1),
  integerOption("TCP_KEEPIDLE", 6, 4, 60),
  integerOption("TCP_KEEPINTVL", 6, 5, 20),
  integerOption("TCP_KEEPCNT", 6, 6, 3),
];

export function integerOption(description: string, level: number, name: number, value: number): SocketOption {
  return create(SocketOptionSchema, {
    description,
    level: BigInt(level),
    name: BigInt(name),
    value: { case: "intValue", value: BigInt(value) },
    state: SocketOption_SocketState.STATE_PREBIND,
  });
}
