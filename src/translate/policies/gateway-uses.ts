/** Which Gateways send traffic to a Service or XBackend: they are the ancestors of the policies for it. */
import type { Collection, Graph, Group, Index } from "../../collections/index.ts";
import { isMesh, type NamespacedName } from "../../model/index.ts";
import type { BackendUser } from "../backends/backend-user.ts";

/** That a Gateway's routes, or its listeners, send traffic to a Service or XBackend. */
export interface GatewayUse {
  readonly key: string;
  /** "Service/<namespace>/<name>". */
  readonly target: string;
  readonly gateway: NamespacedName;
}

export interface GatewayUses {
  readonly of: Collection<GatewayUse>;
  readonly byTarget: Index<GatewayUse>;
}

export function deriveGatewayUses(graph: Graph, users: Collection<BackendUser>): GatewayUses {
  const groups = graph.groups<BackendUser>({
    name: "translate/TargetsOfGateways",
    of: users,
    // Of what the mesh's own proxies do with a policy, no Gateway can tell.
    by: ({ targets, gateway }) =>
      (isMesh(gateway) ? [] : targets).map((target) => `${target}|${gateway.namespace}/${gateway.name}`),
  });
  const of = graph.derive({
    name: "translate/GatewayUses",
    key: (use: GatewayUse) => use.key,
    from: groups,
    map: ({ key, members: [first] }: Group<BackendUser>) =>
      first ? [{ key, target: key.slice(0, key.indexOf("|")), gateway: first.gateway }] : [],
  });
  return { of, byTarget: graph.index(of, "by target", ({ target }) => [target]) };
}
