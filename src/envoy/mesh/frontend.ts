/**
 * A frontend as Envoy's listener, which listens on nothing: the sidecar's outbound listener hands it the connections whose
 * destination, before the kernel redirected them, was its address. So each port of each Service changes by itself.
 */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { TrafficDirection } from "../../generated/envoy/config/core/v3/base_pb.ts";
import { FilterChainMatchSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { FilterChain } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { AdditionalAddressSchema, ListenerSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import type { Listener } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import { type Chain, formatBackend, type Frontend, frontendKey, havingIPv6, type Tracing } from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { type ConnectionChain, filterChain, needsOfChain } from "../listeners/filter-chain.ts";
import { httpInspector, tlsInspector } from "../listeners/inspectors.ts";
import { CONNECTION_BUFFER_BYTES } from "../listeners/listener.ts";
import { type EnvoyRecord, recordKey, recordOf, type ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import type { TracedCallers } from "./traced-callers.ts";

/**
 * `to`: of those that it is for, the ones who get these records; what is told of their requests may be different. Whoever has no IPv6 is told
 * of no address of it.
 */
export function frontendRecords(frontend: Frontend, to: TracedCallers, settings: EnvoySettings): EnvoyRecord[] {
  const chains = tracedChains(frontend.chains, to.tracing);
  const { addresses, callers } = { ...frontend, ...to };
  const record = (change: Pick<Frontend, "addresses" | "callers">): EnvoyRecord =>
    frontendRecord({ ...frontend, chains, ...change }, settings);
  const ofIPv4 = addresses.filter((address) => !address.includes(":"));
  if (ofIPv4.length === addresses.length) return [record({ addresses, callers })];
  return [
    ...(ofIPv4.length === 0 ? [] : [record({ addresses: ofIPv4, callers })]),
    record({ addresses, callers: havingIPv6(callers) }),
  ];
}

function frontendRecord(frontend: Frontend, settings: EnvoySettings): EnvoyRecord {
  const { service, callers, chains } = frontend;
  return recordOf(
    {
      kind: "listener",
      name: listenerNameOf(service),
      needs: needsOfChains(chains),
      audience: callers,
      origins: [formatBackend(service)],
    },
    ListenerSchema,
    listenerOf(frontend, settings),
  );
}

export const tracedChains = (chains: readonly Chain[], tracing: Tracing | undefined): readonly Chain[] =>
  tracing ? chains.map((chain) => (chain.kind === "http" ? { ...chain, tracing } : chain)) : chains;

export const frontendListener = (service: Frontend["service"]): ResourceId => ({
  kind: "listener",
  name: listenerNameOf(service),
});

/** The same for all audiences, since a sidecar can have one listener for an address. */
export const listenerNameOf = (service: Frontend["service"]): string => frontendKey(service, service.port);

function listenerOf({ service, addresses, port, chains }: Frontend, settings: EnvoySettings): Listener {
  const [first = "", ...others] = addresses;
  return create(ListenerSchema, {
    name: listenerNameOf(service),
    address: socketAddress("tcp", first, port),
    additionalAddresses: others.map((address) =>
      create(AdditionalAddressSchema, { address: socketAddress("tcp", address, port) }),
    ),
    bindToPort: false,
    ...callsOf(chains, settings),
  });
}

export function needsOfChains(chains: readonly Chain[]): ResourceId[] {
  return [...new Map(chains.flatMap(needsOfChain).map((need) => [recordKey(need), need])).values()];
}

/** What becomes of calls, wherever they are taken: all of a listener but its name and its addresses. */
export function callsOf(
  chains: readonly Chain[],
  settings: EnvoySettings,
): MessageInitShape<typeof ListenerSchema> & { readonly filterChains: FilterChain[] } {
  const isMixed = chains.some(({ kind }) => kind === "http") && chains.some(({ kind }) => kind === "tcp");
  return {
    statPrefix: "mesh",
    trafficDirection: TrafficDirection.OUTBOUND,
    listenerFilters: [
      ...(isMixed || chains.some(({ kind }) => kind === "tls") ? [tlsInspector] : []),
      ...(isMixed ? [httpInspector] : []),
    ],
    filterChains: chains.flatMap((chain) => chainsOf(chain, isMixed, settings)),
    perConnectionBufferLimitBytes: CONNECTION_BUFFER_BYTES,
    ...(isMixed && WAITING),
  };
}

/** A server that speaks first leaves the inspectors waiting for a client that does not: it gets its connection after a moment. */
const WAITING = {
  listenerFiltersTimeout: { seconds: 0n, nanos: 500_000_000 },
  continueOnListenerFiltersTimeout: true,
} as const;

function chainsOf(chain: Chain, isMixed: boolean, settings: EnvoySettings): FilterChain[] {
  if (chain.kind === "udp") return [];
  const made = filterChain(chain satisfies ConnectionChain, settings, { kind: "workload" });
  const plain = (applicationProtocols: string[]): FilterChain => ({
    ...made,
    filterChainMatch: create(FilterChainMatchSchema, { transportProtocol: "raw_buffer", applicationProtocols }),
  });
  if (isMixed && chain.kind === "http") return [plain(["http/1.0", "http/1.1", "h2c"])];
  // Envoy looks for what is no TLS among the chains for that alone.
  return isMixed && chain.kind === "tcp" ? [made, plain([])] : [made];
}
