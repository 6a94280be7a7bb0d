/**
 * What each Gateway needs of the cluster around it: one description for each that is not refused, or is held, from which its
 * Deployment, Service and the rest are made. Where Gateways share a proxy of the machine, nobody asks for it.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1762/
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { NamespacedName, ProxyKey } from "../../model/index.ts";
import type { GatewayInfrastructure, GatewaySpecAddress, ObjectKey, Overlays } from "../../resources/index.ts";
import type { Listener } from "../listener.ts";
import type { ManagedGateway } from "./managed-gateways.ts";
import type { ParametersOfGateway } from "./parameters.ts";
import type { Placement } from "./placements.ts";

export interface InfrastructureWish extends NamespacedName {
  /** The Gateway's object key. */
  readonly key: ObjectKey;
  readonly proxy: ProxyKey;
  /** What is made belongs to the Gateway; absent where there is no API server. */
  readonly uid?: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly generation: number;
  readonly gatewayClassName: string;
  readonly infrastructure: GatewayInfrastructure;
  /** What it needs cannot be said just now: what it has stays as it is. */
  readonly held?: true;
  /** Those of the class and of the Gateway itself together. */
  readonly parameters: ParametersOfGateway["parameters"];
  /** Laid over what is made, one after the other. */
  readonly overlays: readonly Overlays[];
  /** As the Gateway asks for them. */
  readonly addresses: readonly GatewaySpecAddress[];
  /** Every port that its listeners and those of its ListenerSets have, sorted, whether or not they can serve just now. */
  readonly ports: readonly WishedPort[];
}

export interface WishedPort {
  readonly transport: "tcp" | "udp";
  readonly port: number;
}

export interface InfrastructureSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly parameters: Collection<ParametersOfGateway>;
  readonly placements: Collection<Placement>;
  readonly listeners: Collection<Listener>;
}

export function deriveInfrastructure(
  graph: Graph,
  { gateways, parameters, placements, listeners }: InfrastructureSources,
): Collection<InfrastructureWish> {
  const byGateway = graph.index(listeners, "by Gateway", ({ gatewayObject }) => [gatewayObject]);
  return graph.derive({
    name: "translate/Infrastructure",
    key: (wish: InfrastructureWish) => wish.key,
    from: gateways,
    reads: [placements, parameters, listeners],
    map: ({ key, namespace, name, uid, createdAt, generation, proxy, spec }, read) => {
      const { refused, held } = read.pick(placements, key, (placement) => ({
        refused: placement?.refusal !== undefined,
        held: placement?.held === true,
      }));
      if (refused && !held) return [];
      const stated = read.get(parameters, key);
      return [
        {
          key,
          namespace,
          name,
          ...(uid !== undefined && { uid }),
          ...(createdAt !== undefined && { createdAt }),
          generation,
          proxy,
          gatewayClassName: spec.gatewayClassName,
          infrastructure: spec.infrastructure ?? {},
          ...(held && { held }),
          parameters: stated?.parameters ?? {},
          overlays: stated?.overlays ?? [],
          addresses: spec.addresses ?? [],
          ports: portsOf(read.by(byGateway, key)),
        },
      ];
    },
  });
}

/** A listener whose port another one has claims nothing, and one of an unknown protocol has none. */
function portsOf(listeners: readonly Listener[]): WishedPort[] {
  const ports = listeners
    .filter(({ present }) => present)
    .map(({ transport, port }) => [`${transport}/${port}`, { transport, port }] as const);
  return [...new Map(ports).values()].sort((a, b) => a.port - b.port || (a.transport < b.transport ? -1 : 1));
}
