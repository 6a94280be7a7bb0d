/**
 * Where a workload's own connections come out, by the address that they were going to:
 *
 *   outbound  to the frontend's listener, where the proxy has one for the address; to what the address leads to, where it may be one of
 *             the cluster's, which is asked when it is not known yet; anything else on to where it was going, or nowhere
 *   again     to the frontend's listener, from the proxy itself, once it has been told that there is one; where there is none, nowhere
 */
import { create } from "@bufbuild/protobuf";
import { AddressSchema, CidrRangeSchema } from "../../generated/envoy/config/core/v3/address_pb.ts";
import type { Address, CidrRange } from "../../generated/envoy/config/core/v3/address_pb.ts";
import {
  FilterChainMatchSchema,
  FilterChainSchema,
} from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter, FilterChain } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { ListenerSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import { TcpProxy_OnDemandSchema } from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import type { TcpProxy } from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { ALL_SIDECARS, type Outbound, type ProxyKey, SIDECAR_PORTS, type StreamBackendKey } from "../../model/index.ts";
import { outboundStreamAccessLog } from "../access-log.ts";
import { overTheStream } from "../discovery.ts";
import { seconds } from "../duration.ts";
import { proxyProtocol } from "../listeners/inspectors.ts";
import { CONNECTION_BUFFER_BYTES, keepAlive } from "../listeners/listener.ts";
import { tcpProxyFilter, tcpProxyOf } from "../listeners/stream-filters.ts";
import { type EnvoyRecord, recordOf } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { inEachFamily, onEveryAddress } from "./families.ts";
import { filterStateFilter } from "./filter-state.ts";

/** What is asked for is named after the address that the connection was going to. */
export const DESTINATION_PREFIX = "mesh/to/";

/** Within the pod, and of no address: what comes by it keeps the addresses that it says it has. */
export const AGAIN: Address = create(AddressSchema, { address: { case: "pipe", value: { path: "@trilith/again" } } });

/** Sends on to where a connection was going. */
export const ONWARD = "mesh/onward" as StreamBackendKey;
/** There is nothing of this name, so its connections are closed, counted, and logged as what leads nowhere. */
const NOWHERE = "mesh/nowhere" as StreamBackendKey;

/**
 * How long a connection waits to learn where its address leads. Without the control plane, one to an address that was never called
 * fails then.
 */
const ASKING_SECONDS = 10;

export const outboundRecords = (outbound: Outbound, settings: EnvoySettings): EnvoyRecord[] =>
  inEachFamily(outbound.key, (audience, hasIPv6) => outboundRecord(outbound, audience, hasIPv6, settings));

function outboundRecord(
  { unknown, networks }: Outbound,
  audience: ProxyKey,
  hasIPv6: boolean,
  settings: EnvoySettings,
): EnvoyRecord {
  const name = "mesh/outbound";
  const rest = unknown === "pass" ? ONWARD : NOWHERE;
  const ranges = networks.filter((network) => hasIPv6 || !network.includes(":")).map(rangeOf);
  return recordOf(
    {
      kind: "listener",
      name,
      needs: unknown === "pass" ? [{ kind: "cluster", name: ONWARD }] : [],
      audience,
      unasked: true,
      origins: [],
    },
    ListenerSchema,
    create(ListenerSchema, {
      name,
      ...onEveryAddress(SIDECAR_PORTS.outbound, hasIPv6),
      statPrefix: "mesh",
      useOriginalDst: true,
      filterChains: [
        refusing(SIDECAR_PORTS.outbound),
        // Without any, it would be for all addresses.
        ...(ranges.length === 0
          ? []
          : [chainOf("asked", [namedAfterDestination, tcpProxyFilter(asking(settings))], ranges)]),
        chainOf("outbound", [tcpProxyFilter(towards(rest, settings))]),
      ],
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
      socketOptions: [...keepAlive],
    }),
  );
}

function rangeOf(network: string): CidrRange {
  const [addressPrefix = "", length = addressPrefix.includes(":") ? 128 : 32] = network.split("/");
  return create(CidrRangeSchema, { addressPrefix, prefixLen: Number(length) });
}

export function againRecord(settings: EnvoySettings): EnvoyRecord {
  const name = "mesh/again";
  return recordOf(
    { kind: "listener", name, needs: [], audience: ALL_SIDECARS, unasked: true, origins: [] },
    ListenerSchema,
    create(ListenerSchema, {
      name,
      address: AGAIN,
      statPrefix: "mesh",
      listenerFilters: [proxyProtocol],
      useOriginalDst: true,
      filterChains: [chainOf("again", [tcpProxyFilter(towards(NOWHERE, settings))])],
      perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
    }),
  );
}

/** Whoever connects to the port itself was redirected by nobody, and would be sent to the port again, and again. */
export const refusing = (port: number): FilterChain =>
  create(FilterChainSchema, {
    name: "refused",
    filterChainMatch: create(FilterChainMatchSchema, { destinationPort: port }),
  });

const chainOf = (name: string, filters: Filter[], prefixRanges?: readonly CidrRange[]): FilterChain =>
  create(FilterChainSchema, {
    name,
    filters,
    ...(prefixRanges && { filterChainMatch: create(FilterChainMatchSchema, { prefixRanges: [...prefixRanges] }) }),
  });

const towards = (target: StreamBackendKey, settings: EnvoySettings): TcpProxy => ({
  ...tcpProxyOf("tcp", target, settings, "source", outboundStreamAccessLog),
  statPrefix: "outbound",
});

const asking = (settings: EnvoySettings): TcpProxy => ({
  ...towards(NOWHERE, settings),
  onDemand: create(TcpProxy_OnDemandSchema, { odcdsConfig: overTheStream, timeout: seconds(ASKING_SECONDS) }),
});

/** Has the connection carried by the cluster of its destination's name. */
const namedAfterDestination: Filter = filterStateFilter(
  "envoy.tcp_proxy.cluster",
  `${DESTINATION_PREFIX}%DOWNSTREAM_LOCAL_ADDRESS%`,
);
