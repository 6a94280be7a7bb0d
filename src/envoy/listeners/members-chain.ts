/**
 * How workloads of the mesh come in through a Gateway: on the port of its HTTP listeners, by the mutual TLS that their sidecars speak among
 * each other, with their identities. What is inside is HTTP of either version, whatever the caller's sidecar knew of it: Envoy tells by the
 * first bytes, as long as TLS has agreed on no protocol.
 *
 * Requests meet the routes of the listeners, as those in plain text do.
 */
import { create } from "@bufbuild/protobuf";
import {
  FilterChainMatchSchema,
  FilterChainSchema,
} from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { FilterChain } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Chain, NamespacedName } from "../../model/index.ts";
import { MESH_PROTOCOLS, MESH_SECRETS, mutualTlsServer } from "../mesh/mutual-tls.ts";
import type { ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { takesMembers } from "./gateway-access.ts";
import { httpFilters } from "./http-connection-manager.ts";

export const needsOfMembers = (chain: Chain): readonly ResourceId[] => (takesMembers(chain) ? MESH_SECRETS : []);

export function membersChains(chain: Chain, gateway: NamespacedName, settings: EnvoySettings): FilterChain[] {
  if (chain.kind !== "http" || !takesMembers(chain)) return [];
  return [
    create(FilterChainSchema, {
      name: "mesh",
      filterChainMatch: create(FilterChainMatchSchema, {
        transportProtocol: "tls",
        applicationProtocols: [...MESH_PROTOCOLS],
      }),
      transportSocket: mutualTlsServer(),
      filters: httpFilters(chain, settings, { kind: "members", gateway }),
    }),
  ];
}
