/** Addresses, of sockets and endpoints. */
import { create } from "@bufbuild/protobuf";
import {
  AddressSchema,
  SocketAddress_Protocol,
  SocketAddressSchema,
} from "../generated/envoy/config/core/v3/address_pb.ts";
import type { Address } from "../generated/envoy/config/core/v3/address_pb.ts";

/**
 * The address of an IP (version 4 or 6) and a port. `::` also takes IPv4, as everybody expects of a socket that listens on all, unless it is
 * for IPv6 alone.
 */
export function socketAddress(
  transport: "tcp" | "udp",
  address: string,
  port: number,
  onlyIPv6: boolean = false,
): Address {
  const value = create(SocketAddressSchema, {
    protocol: transport === "udp" ? SocketAddress_Protocol.UDP : SocketAddress_Protocol.TCP,
    address,
    portSpecifier: { case: "portValue", value: port },
    ipv4Compat: address === "::" && !onlyIPv6,
  });
  return create(AddressSchema, { address: { case: "socketAddress", value } });
}
