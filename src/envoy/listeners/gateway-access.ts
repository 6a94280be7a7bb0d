/**
 * Who may come in through a Gateway: the filters are there in every chain of its TCP sockets, whatever policies there are, and what they
 * decide comes by their names. A Gateway without policies has filters that decide nothing.
 *
 * The identity of a caller is that of its client certificate, which counts where the listener lets nobody in without a valid one. Every other
 * listener that ends TLS (it takes any certificate, or asks for none) has filters of its own, for which everybody is outside and nobody's
 * certificate is a reason to be let in: to Envoy's RBAC whoever speaks TLS is authenticated, certificate or not. Members of the mesh, whose
 * identities are of another authority than those of clients, have filters of their own as well.
 */
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { HttpFilter } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import {
  accessOfGateway,
  type Chain,
  type Decisions,
  type GatewayAccess,
  type NamespacedName,
} from "../../model/index.ts";
import {
  accessFilterIds,
  accessFilterRecords,
  httpAccessFilters,
  networkAccessFilters,
} from "../access/access-filters.ts";
import type { Trust } from "../access/access-rules.ts";
import type { EnvoyRecord, ResourceId } from "../record.ts";

/** By which way callers come to a Gateway: as clients of a listener, or as members of the mesh. */
export type Entrance = "clients" | "members";

/** Whose filters they are. */
type Place = Trust | "members";

const scopeOf = (gateway: string, place: Place): string =>
  `gateway/${gateway}${place === "validated" ? "" : `/${place}`}`;

function scopeOfChain(chain: Chain, gateway: NamespacedName, entrance: Entrance = "clients"): string {
  if (entrance === "members") return scopeOf(accessOfGateway(gateway), "members");
  const tls = "tls" in chain ? chain.tls : undefined;
  const isUnverified = tls !== undefined && tls.clientValidation?.mode !== "AllowValidOnly";
  return scopeOf(accessOfGateway(gateway), isUnverified ? "unverified" : "validated");
}

export const httpFiltersOf = (chain: Chain, gateway: NamespacedName, entrance: Entrance): HttpFilter[] =>
  httpAccessFilters(scopeOfChain(chain, gateway, entrance));

export const networkFiltersOf = (chain: Chain, gateway: NamespacedName): Filter[] =>
  networkAccessFilters(scopeOfChain(chain, gateway));

/** The filters that the chain names. Datagrams have none. */
export function accessFiltersOf(chain: Chain, gateway: NamespacedName): readonly ResourceId[] {
  const isHttp = chain.kind === "http" || chain.kind === "https";
  if (chain.kind === "udp" || (!isHttp && chain.target === undefined)) return [];
  return [
    ...accessFilterIds(scopeOfChain(chain, gateway), isHttp ? "http" : "bytes"),
    ...(takesMembers(chain) ? accessFilterIds(scopeOfChain(chain, gateway, "members"), "http") : []),
  ];
}

export const takesMembers = (chain: Chain): boolean => chain.kind === "http" && chain.takesMembers === true;

/** `access` is undefined where no policy is about the Gateway. `hasMembers`: some of its chains take members of the mesh. */
export function gatewayAccessRecords(
  gateway: string,
  access: GatewayAccess | undefined,
  hasMembers: boolean,
): EnvoyRecord[] {
  const { ofMembers = OPEN, origins = [], ...ofClients } = access ?? OPEN;
  const recordsAt = (place: Place, decisions: Decisions): EnvoyRecord[] =>
    accessFilterRecords(
      scopeOf(gateway, place),
      decisions,
      { origins },
      { statPrefix: "gateway.", trust: place === "unverified" ? place : "validated" },
    );
  return [
    ...recordsAt("validated", ofClients),
    ...recordsAt("unverified", ofClients),
    ...(hasMembers ? recordsAt("members", ofMembers) : []),
  ];
}

const OPEN: Decisions & { readonly ofMembers?: Decisions; readonly origins?: readonly string[] } = {
  enforced: { deny: [] },
};
