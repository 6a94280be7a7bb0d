/**
 * Routes as attachment sees them: what they are attached to and for which hostnames. Their rules are not here, so that a
 * change of a rule decides nothing anew.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import {
  type Hostname,
  objectKeyOf,
  type ParentReference,
  type Route,
  type RouteKindName,
} from "../../resources/index.ts";
import type { RouteReference } from "../attachment.ts";
import type { ResourceSources } from "../inputs.ts";

export interface RouteClaim {
  readonly reference: RouteReference;
  readonly parentRefs: readonly ParentReference[];
  /** Empty: the route states none, or is of a kind that has none. */
  readonly hostnames: readonly Hostname[];
  readonly usesDefaultGateways: boolean;
}

export function deriveRouteClaims(graph: Graph, sources: ResourceSources): Collection<RouteClaim> {
  const claims = <R extends Route>(kind: RouteKindName, from: Collection<R>): Collection<RouteClaim> =>
    graph.derive<R, RouteClaim>({
      name: `translate/ClaimsOf${kind}s`,
      key: ({ reference }) => reference.object,
      from,
      map: (route) => [routeClaimOf(route)],
    });
  return graph.union<RouteClaim>({
    name: "translate/RouteClaims",
    of: [
      claims("HTTPRoute", sources.httpRoutes),
      claims("GRPCRoute", sources.grpcRoutes),
      claims("TLSRoute", sources.tlsRoutes),
      claims("TCPRoute", sources.tcpRoutes),
      claims("UDPRoute", sources.udpRoutes),
    ],
  });
}

function routeClaimOf(route: Route): RouteClaim {
  const { namespace, name, generation = 0, creationTimestamp } = route.metadata;
  return {
    reference: {
      kind: route.kind,
      namespace,
      name,
      object: objectKeyOf(route),
      ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
      generation,
    },
    parentRefs: route.spec.parentRefs ?? [],
    hostnames: "hostnames" in route.spec ? (route.spec.hostnames ?? []) : [],
    usesDefaultGateways: route.spec.useDefaultGateways === "All",
  };
}
