/** Which endpoints are in the mesh, and as whom: by the addresses of its members; those of a Gateway, by whose Service they are. */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { type Endpoint, spiffeId } from "../../model/index.ts";
import type { MeshMember } from "../inputs.ts";
import type { GatewayMember } from "./gateway-members.ts";

export interface Identities {
  /** What a derivation reads for it. */
  readonly reads: readonly Collection<unknown>[];
  /** The endpoint, with its identity and its workload where it has them. `gateway`: the `GatewayMember` whose Envoys the endpoints are. */
  of(endpoint: Endpoint, gateway: string | undefined, read: Reader): Endpoint;
}

export function indexIdentities(
  graph: Graph,
  members: Collection<MeshMember>,
  gateways: Collection<GatewayMember>,
  trustDomain: string,
): Identities {
  const byAddress = graph.index(members, "by address", ({ addresses }) => addresses);
  return {
    reads: [members, gateways],
    of: (endpoint, gateway, read) => {
      const front = gateway === undefined ? undefined : read.get(gateways, gateway);
      if (front?.ports.includes(endpoint.port)) {
        const [namespace = ""] = front.key.split("/");
        return { ...endpoint, identity: spiffeId(trustDomain, namespace, front.account), workload: front.account };
      }
      // While an address goes from one pod to the next, both have it, and nobody can tell whose it is: plain text would be
      // taken by either, and mutual TLS with the wrong one fails, which is the safer error.
      const [member] = read.by(byAddress, endpoint.address);
      if (member === undefined) return endpoint;
      const { namespace, serviceAccount, workload, plainPorts } = member;
      if (plainPorts?.includes(endpoint.port)) return { ...endpoint, workload };
      return { ...endpoint, identity: spiffeId(trustDomain, namespace, serviceAccount), workload };
    },
  };
}
