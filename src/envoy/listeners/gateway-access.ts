/**
 * Who may come in through a Gateway: the filters are there in every chain of its TCP sockets, whatever policies there are, and what they
 * decide comes by their names. A Gateway without policies has filters that decide nothing.
 *
 * The identity of a caller is that of its client certificate, which counts where the listener lets nobody in without a valid one. Every other
 * listener that ends TLS (it takes any certificate, or asks for none) has filters of its own, for which everybody is outside and nobody's
 * certificate is a reason to be let in: to Envoy's RBAC whoever speaks TLS is authenticated, certificate or not.
 */
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { HttpFilter } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { accessOfGateway, type Chain, type GatewayAccess, type NamespacedName } from "../../model/index.ts";
import {
  accessFilterIds,
  accessFilterRecords,
  httpAccessFilters,
  networkAccessFilters,
} from "../access/access-filters.ts";
import type { Trust } from "../access/access-rules.ts";
import type { EnvoyRecord, ResourceId } from "../record.ts";

const scopeOf = (gateway: string, trust: Trust): string =>
  `gateway/${gateway}${trust === "unverified" ? "/unverified" : ""}`;

function scopeOfChain(chain: Chain, gateway: NamespacedName): string {
  const tls = "tls" in chain ? chain.tls : undefined;
  const isUnverified = tls !== undefined && tls.clientValidation?.mode !== "AllowValidOnly";
  return scopeOf(accessOfGateway(gateway), isUnverified ? "unverified" : "validated");
}

export const httpFiltersOf = (chain: Chain, gateway: NamespacedName): HttpFilter[] =>
  httpAccessFilters(scopeOfChain(chain, gateway));

export const networkFiltersOf = (chain: Chain, gateway: NamespacedName): Filter[] =>
  networkAccessFilters(scopeOfChain(chain, gateway));

/** The filters that the chain names. Datagrams have none. */
export function accessFiltersOf(chain: Chain, gateway: NamespacedName): readonly ResourceId[] {
  const isHttp = chain.kind === "http" || chain.kind === "https";
  if (chain.kind === "udp" || (!isHttp && chain.target === undefined)) return [];
  return accessFilterIds(scopeOfChain(chain, gateway), isHttp ? "http" : "bytes");
}

/** `access` is undefined where no policy is about the Gateway. */
export function gatewayAccessRecords(gateway: string, access: GatewayAccess | undefined): EnvoyRecord[] {
  const { enforced, audited, origins } = access ?? { enforced: { deny: [] }, audited: undefined, origins: [] };
  return (["validated", "unverified"] as const).flatMap((trust) =>
    accessFilterRecords(
      scopeOf(gateway, trust),
      { enforced, ...(audited && { audited }) },
      { origins },
      { statPrefix: "gateway.", trust },
    ),
  );
}
