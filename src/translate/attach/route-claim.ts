/** A route as attachment sees it: what it is attached to and for which hostnames. */
import { type Hostname, objectKeyOf, type ParentReference, type Route } from "../../resources/index.ts";
import type { RouteReference } from "../attachment.ts";

export interface RouteClaim {
  readonly reference: RouteReference;
  readonly parentRefs: readonly ParentReference[];
  /** Empty: the route states none, or is of a kind that has none. */
  readonly hostnames: readonly Hostname[];
  readonly usesDefaultGateways: boolean;
}

export function routeClaimOf(route: Route): RouteClaim {
  const { namespace, name, uid, generation = 0, creationTimestamp } = route.metadata;
  return {
    reference: {
      kind: route.kind,
      namespace,
      name,
      object: objectKeyOf(route),
      ...(uid !== undefined && { uid }),
      ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
      generation,
    },
    parentRefs: route.spec.parentRefs ?? [],
    hostnames: "hostnames" in route.spec ? (route.spec.hostnames ?? []) : [],
    usesDefaultGateways: route.spec.useDefaultGateways === "All",
  };
}
