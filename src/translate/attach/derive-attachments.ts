/**
 * The derivations of attachment: one step for each route, which reads the parents that it names and their listeners, and
 * nothing about other routes.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import {
  gatewayGroup,
  type Namespace,
  objectKey,
  type ObjectKey,
  type ParentReference,
  type Route,
} from "../../resources/index.ts";
import { isNamespaceAllowed } from "../allowed-namespaces.ts";
import type { Attachment, ParentResult } from "../attachment.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { ResourceSources } from "../inputs.ts";
import type { AttachPoint, AttachPoints } from "./attach-points.ts";
import { sectionToken } from "./attach-points.ts";
import { type Binding, bindRoute } from "./attach-route.ts";
import { type RouteClaim, routeClaimOf } from "./route-claim.ts";

/** All that became of a route's parentRefs. */
export interface RouteBindings {
  readonly key: ObjectKey;
  readonly bindings: readonly Binding[];
  /** Positions of parentRefs that name nothing of ours. */
  readonly unbound: readonly number[];
}

export interface Attachments {
  readonly bindings: Collection<RouteBindings>;
  readonly attachments: Collection<Attachment>;
  readonly parentResults: Collection<ParentResult>;
  readonly findings: Collection<Finding>;
}

export function deriveAttachments(graph: Graph, points: AttachPoints, sources: ResourceSources): Attachments {
  const { namespaces, httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, udpRoutes } = sources;
  const routes = graph.union<Route>({
    name: "translate/Routes",
    of: [httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, udpRoutes],
  });
  const bindings = graph.derive({
    name: "translate/RouteBindings",
    key: ({ key }: RouteBindings) => key,
    from: routes,
    reads: [points.parents, points.points, namespaces],
    map: (route, read) => [bindingsOf(routeClaimOf(route), points, namespaces, read)],
  });
  return {
    bindings,
    attachments: graph.derive({
      name: "translate/Attachments",
      key: (attachment: Attachment) => attachment.key,
      from: bindings,
      map: (of) => of.bindings.flatMap(({ attachments }) => attachments),
    }),
    parentResults: graph.derive({
      name: "translate/ParentResults",
      key: (result: ParentResult) => result.key,
      from: bindings,
      map: (of) => of.bindings.map(({ result }) => result),
    }),
    findings: deriveLostFindings(graph, bindings, routes, sources),
  };
}

function bindingsOf(
  route: RouteClaim,
  { parents, byParent }: AttachPoints,
  namespaces: Collection<Namespace>,
  read: Reader,
): RouteBindings {
  const unbound: number[] = [];
  const bindings = route.parentRefs.flatMap((parentRef, index) => {
    const key = parentKeyOf(route, parentRef);
    const parent = key && read.get(parents, key);
    if (key === undefined || parent === undefined) {
      unbound.push(index);
      return [];
    }
    const { sectionName } = parentRef;
    const points = read.by(byParent, sectionName === undefined ? key : sectionToken(key, sectionName));
    const allowsNamespace = ({ allowedNamespaces, namespace }: AttachPoint) =>
      isNamespaceAllowed(allowedNamespaces, namespace, route.reference.namespace, namespaces, read);
    return [bindRoute(route, parentRef, index, { parent, points, allowsNamespace })];
  });
  return { key: route.reference.object, bindings, unbound };
}

function parentKeyOf({ reference }: RouteClaim, parentRef: ParentReference): ObjectKey | undefined {
  const { group, kind, name, namespace = reference.namespace } = parentRef;
  const isOurs = group === gatewayGroup && (kind === "Gateway" || kind === "ListenerSet");
  return isOurs ? objectKey({ group, kind, namespace, name }) : undefined;
}

/** ParentRefs that lead nowhere: no status can tell, since there is no parent to tell it for. */
function deriveLostFindings(
  graph: Graph,
  bindings: Collection<RouteBindings>,
  routes: Collection<Route>,
  { gateways, listenerSets }: ResourceSources,
): Collection<Finding> {
  return graph.derive({
    name: "translate/LostRouteFindings",
    key: (finding: Finding) => finding.key,
    from: bindings,
    reads: [routes, gateways, listenerSets],
    map: ({ key: object, bindings: bound, unbound }, read) => {
      if (bound.length > 0 && unbound.length === 0) return [];
      const route = read.get(routes, object);
      const claim = route && routeClaimOf(route);
      if (claim === undefined) return [];
      const lost = unbound.flatMap((index) => lostFindings(claim, index, { gateways, listenerSets }, read));
      return [...lost, ...aimlessFindings(claim)];
    },
  });
}

function lostFindings(
  claim: RouteClaim,
  index: number,
  { gateways, listenerSets }: Pick<ResourceSources, "gateways" | "listenerSets">,
  read: Reader,
): Finding[] {
  const parentRef = claim.parentRefs[index];
  const key = parentRef && parentKeyOf(claim, parentRef);
  if (parentRef === undefined || key === undefined) return [];
  const { kind, name, namespace = claim.reference.namespace } = parentRef;
  const parents: Collection<unknown> = kind === "Gateway" ? gateways : listenerSets;
  if (read.pick(parents, key, (found) => found !== undefined)) return [];
  const message = `there is no ${kind} ${namespace}/${name}, so that the route is attached to nothing by this reference`;
  const path = `spec.parentRefs[${index}]`;
  return [
    findingOf({ object: claim.reference.object, severity: "error", code: "route-parent-not-found", path, message }),
  ];
}

function aimlessFindings({ reference: { object }, parentRefs, usesDefaultGateways }: RouteClaim): Finding[] {
  if (usesDefaultGateways) {
    const path = "spec.useDefaultGateways";
    const message = "default Gateways are not supported; name the Gateway in spec.parentRefs";
    return [findingOf({ object, severity: "warning", code: "default-gateways-not-supported", path, message })];
  }
  if (parentRefs.length > 0) return [];
  const message = "the route names no parent in spec.parentRefs, so that it is attached to nothing";
  return [findingOf({ object, severity: "warning", code: "route-without-parent", path: "spec.parentRefs", message })];
}
