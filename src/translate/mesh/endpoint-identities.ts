/** Which endpoints are in the mesh, and as whom: by the addresses of its members. */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { type Endpoint, spiffeId } from "../../model/index.ts";
import type { MeshMember } from "../inputs.ts";

export interface Identities {
  readonly members: Collection<MeshMember>;
  /** The endpoint, with its identity and its workload where it has them. */
  of(endpoint: Endpoint, read: Reader): Endpoint;
}

export function indexIdentities(graph: Graph, members: Collection<MeshMember>, trustDomain: string): Identities {
  const byAddress = graph.index(members, "by address", ({ addresses }) => addresses);
  return {
    members,
    of: (endpoint, read) => {
      // While an address goes from one pod to the next, both have it, and nobody can tell whose it is: plain text would be
      // taken by either, and mutual TLS with the wrong one fails, which is the safer error.
      const [member] = read.by(byAddress, endpoint.address);
      if (member === undefined) return endpoint;
      const { namespace, serviceAccount, workload } = member;
      return { ...endpoint, identity: spiffeId(trustDomain, namespace, serviceAccount), workload };
    },
  };
}
