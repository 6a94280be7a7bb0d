/** Statuses of Gateways, from their placement and the results of their listeners and ListenerSets. */
import type { Collection, Graph } from "../../collections/index.ts";
import type { ClientCertificate } from "../certificates/client-certificates.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Placement } from "../gateways/placements.ts";
import type { ObjectStatus } from "../object-status.ts";
import type { ListenerResults } from "./derive-listener-statuses.ts";
import type { ListenerSetResults } from "./derive-listener-set-statuses.ts";
import { gatewayConditions } from "./gateway-conditions.ts";
import { gatewayGroup, kinds } from "../../resources/index.ts";

export interface GatewayStatusSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly placements: Collection<Placement>;
  readonly clientCertificates: Collection<ClientCertificate>;
  readonly listenerResults: ListenerResults;
  readonly listenerSetResults: ListenerSetResults;
}

export function deriveGatewayStatuses(graph: Graph, sources: GatewayStatusSources): Collection<ObjectStatus> {
  const { gateways, placements, clientCertificates, listenerResults, listenerSetResults } = sources;
  return graph.derive({
    name: "translate/GatewayStatuses",
    key: (status: ObjectStatus) => status.key,
    from: gateways,
    reads: [placements, clientCertificates, listenerResults.of, listenerSetResults.of],
    map: (gateway, read) => {
      const { key, namespace, name, generation, spec } = gateway;
      const placement = read.get(placements, key);
      const listeners = [...read.by(listenerResults.byParent, key)].sort((a, b) => a.index - b.index);
      const sets = read.count(listenerSetResults.acceptedByGateway, key);
      const clientCertificate = read.get(clientCertificates, key);
      return [
        {
          key,
          apiVersion: `${gatewayGroup}/${kinds.Gateway.versions[0]}`,
          kind: "Gateway",
          namespace,
          name,
          generation,
          status: {
            conditions: gatewayConditions({ spec, generation, placement, listeners, sets, clientCertificate }),
            addresses: placement?.reached ?? [],
            listeners: listeners.map(({ status }) => status),
            attachedListenerSets: sets,
          },
        },
      ];
    },
  });
}
