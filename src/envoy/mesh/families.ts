/**
 * Sidecars in pods with IPv6 and without. All take connections of IPv4; those whose pods have addresses of IPv6 take both, and are an
 * audience of their own for the resources that say so: a kernel without IPv6 has Envoy refuse each of them.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { BindConfigSchema } from "../../generated/envoy/config/core/v3/address_pb.ts";
import { AdditionalAddressSchema } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import type { Listener } from "../../generated/envoy/config/listener/v3/listener_pb.ts";
import { HANDOVER_ADDRESS, HANDOVER_CODE_POINT, havingIPv6, type ProxyKey } from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { integerOption } from "../listeners/listener.ts";
import type { EnvoyRecord } from "../record.ts";

/** A record for those of the audience without IPv6, and one for those with it. */
export const inEachFamily = (
  audience: ProxyKey,
  recordOf: (audience: ProxyKey, hasIPv6: boolean) => EnvoyRecord,
): EnvoyRecord[] => [recordOf(audience, false), recordOf(havingIPv6(audience), true)];

/** On every address of the pod. Each family has a socket of its own, since what the kernel redirects is asked about in its family. */
export const onEveryAddress = (port: number, hasIPv6: boolean): Pick<Listener, "address" | "additionalAddresses"> => ({
  address: socketAddress("tcp", "0.0.0.0", port),
  additionalAddresses: hasIPv6
    ? [create(AdditionalAddressSchema, { address: socketAddress("tcp", "::", port, true) })]
    : [],
});

/** What a sidecar connects to its workload with, so that the kernel does not take it for one of the workload's own connections. */
export const handover = (hasIPv6: boolean): MessageInitShape<typeof BindConfigSchema> => ({
  sourceAddress: { address: HANDOVER_ADDRESS, portSpecifier: { case: "portValue", value: 0 } },
  extraSourceAddresses: hasIPv6
    ? [
        {
          address: { address: "::", portSpecifier: { case: "portValue", value: 0 } },
          socketOptions: { socketOptions: [trafficClass] },
        },
      ]
    : [],
});

/** The code point is in its upper six bits: ipv6(7). */
const trafficClass = integerOption("IPV6_TCLASS", 41, 67, HANDOVER_CODE_POINT << 2);
