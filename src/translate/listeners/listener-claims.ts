/** Listeners as Gateways and the ListenerSets that they allow state them. */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import { listenerKey } from "../../model/index.ts";
import type { Listener as ListenerSpec } from "../../resources/index.ts";
import type { ManagedListenerSet } from "../gateways/listener-sets.ts";
import type { ManagedGateway } from "../gateways/managed-gateways.ts";
import type { Placement } from "../gateways/placements.ts";
import type { ListenerClaim, ListenerGeneration, ListenerParent } from "../listener.ts";

export interface ClaimSources {
  readonly gateways: Collection<ManagedGateway>;
  readonly listenerSets: Collection<ManagedListenerSet>;
  readonly placements: Collection<Placement>;
}

export function deriveListenerClaims(graph: Graph, sources: ClaimSources): Collection<ListenerClaim> {
  const { gateways, listenerSets, placements } = sources;
  const shape = { key: (claim: ListenerClaim) => claim.key };
  const own = graph.derive({
    ...shape,
    name: "translate/ClaimsOfGateways",
    from: gateways,
    reads: [placements],
    map: (gateway, read) => {
      const parent = {
        kind: "Gateway",
        namespace: gateway.namespace,
        name: gateway.name,
        object: gateway.key,
      } as const;
      return claimsOf(gateway.spec.listeners, parent, gateway, gateway.createdAt, placements, read);
    },
  });
  const ofSets = graph.derive({
    ...shape,
    name: "translate/ClaimsOfListenerSets",
    from: listenerSets,
    reads: [gateways, placements],
    map: ({ key, namespace, name, createdAt, gatewayObject, refusal, listeners }, read) => {
      const gateway = read.pick(gateways, gatewayObject, identityOf);
      if (refusal !== undefined || gateway === undefined) return [];
      const parent = { kind: "ListenerSet", namespace, name, object: key } as const;
      return claimsOf(listeners, parent, gateway, createdAt, placements, read);
    },
  });
  return graph.union<ListenerClaim>({ name: "translate/ListenerClaims", of: [own, ofSets] });
}

type GatewayIdentity = Omit<ManagedGateway, "spec" | "generation" | "uid">;

function identityOf(gateway: ManagedGateway | undefined): GatewayIdentity | undefined {
  if (gateway === undefined) return undefined;
  const { key, namespace, name, createdAt, proxy } = gateway;
  return { key, namespace, name, proxy, ...(createdAt !== undefined && { createdAt }) };
}

function claimsOf(
  listeners: readonly ListenerSpec[],
  parent: ListenerParent,
  { key, namespace, name, createdAt, proxy }: GatewayIdentity,
  parentCreatedAt: string | undefined,
  placements: Collection<Placement>,
  read: Reader,
): ListenerClaim[] {
  const { addresses, refused } = read.pick(placements, key, (placement) => ({
    addresses: placement?.addresses ?? [],
    refused: placement?.refusal !== undefined && placement.held !== true,
  }));
  return listeners.map((spec, index) => ({
    key: listenerKey(parent, spec.name),
    parent,
    gateway: { namespace, name },
    gatewayObject: key,
    proxy,
    index,
    spec,
    ...(createdAt !== undefined && { gatewayCreatedAt: createdAt }),
    ...(parentCreatedAt !== undefined && { parentCreatedAt }),
    addresses,
    refused,
  }));
}

/** The generation of the object that states each listener, apart from the rest, because it changes with every edit. */
export function deriveListenerGenerations(
  graph: Graph,
  { gateways, listenerSets }: ClaimSources,
): Collection<ListenerGeneration> {
  const shape = { key: ({ key }: ListenerGeneration) => key };
  const own = graph.derive({
    ...shape,
    name: "translate/GenerationsOfGatewayListeners",
    from: gateways,
    map: ({ namespace, name, generation, uid, spec }) =>
      spec.listeners.map((listener) => ({
        key: listenerKey({ kind: "Gateway", namespace, name }, listener.name),
        generation,
        ...(uid !== undefined && { uid }),
      })),
  });
  const ofSets = graph.derive({
    ...shape,
    name: "translate/GenerationsOfListenerSetListeners",
    from: listenerSets,
    map: ({ namespace, name, generation, uid, listeners }) =>
      listeners.map((listener) => ({
        key: listenerKey({ kind: "ListenerSet", namespace, name }, listener.name),
        generation,
        ...(uid !== undefined && { uid }),
      })),
  });
  return graph.union<ListenerGeneration>({ name: "translate/ListenerGenerations", of: [own, ofSets] });
}
