/**
 * Gateways as workloads of the mesh call them: with mutual TLS, as the ServiceAccount of their Envoys, on the ports of their HTTP listeners.
 * What is on other ports ends TLS of its own, or leaves it to backends, and is spoken to as it is.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Listener } from "../listener.ts";
import type { GatewayNames } from "../settings.ts";

export interface GatewayMember {
  /** The namespace, and what its Services have as `gatewayNameLabel`: "namespace/value". */
  readonly key: string;
  /** The ServiceAccount of its Envoys, after which their Deployment is named, too. */
  readonly account: string;
  /** Sorted. */
  readonly ports: readonly number[];
}

export function deriveGatewayMembers(
  graph: Graph,
  { gateways, listeners }: { readonly gateways: Collection<ManagedGateway>; readonly listeners: Collection<Listener> },
  names: GatewayNames | undefined,
): Collection<GatewayMember> {
  if (names === undefined) return graph.union<GatewayMember>({ name: "translate/NoGatewayMembers", of: [] });
  const byGateway = graph.index(listeners, "serving HTTP by Gateway", ({ protocol, serving, gatewayObject }) =>
    serving && protocol === "HTTP" ? [gatewayObject] : [],
  );
  return graph.derive({
    name: "translate/GatewayMembers",
    key: (member: GatewayMember) => member.key,
    from: gateways,
    reads: [listeners],
    map: ({ key, namespace, name, spec }, read) => {
      const ports = new Set(read.by(byGateway, key).map(({ port }) => port));
      if (ports.size === 0) return [];
      const account = names.accountOf(name, spec.gatewayClassName);
      return [{ key: `${namespace}/${names.labelOf(name)}`, account, ports: [...ports].sort((a, b) => a - b) }];
    },
  });
}
