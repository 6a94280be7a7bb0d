/**
 * The derivations of attachment: one step for each route, which reads the parents that it names and their listeners, and
 * nothing about other routes.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import type { ListenerKey } from "../../model/index.ts";
import {
  gatewayGroup,
  type Namespace,
  objectKey,
  type ObjectKey,
  type ParentReference,
} from "../../resources/index.ts";
import type { Attachment, ParentResult } from "../attachment.ts";
import { type Finding, findingOf } from "../finding.ts";
import { namespaceMatches } from "../gateways/listener-sets.ts";
import type { ResourceSources } from "../inputs.ts";
import type { AttachPoint, AttachPoints } from "./attach-points.ts";
import { sectionToken } from "./attach-points.ts";
import { type Binding, bindRoute } from "./attach-route.ts";
import type { RouteClaim } from "./route-claims.ts";

/** All that became of a route's parentRefs. */
export interface RouteBindings {
  readonly key: ObjectKey;
  readonly bindings: readonly Binding[];
}

/** A route at a listener, once, however many parentRefs lead there. */
export interface RouteAtListener {
  readonly key: string;
  readonly route: ObjectKey;
  readonly listener: ListenerKey;
  /** Those that lead there. */
  readonly parentRefs: readonly ParentReference[];
}

export interface Attachments {
  readonly attachments: Collection<Attachment>;
  readonly parentResults: Collection<ParentResult>;
  readonly routesAtListeners: Collection<RouteAtListener>;
  readonly findings: Collection<Finding>;
}

export function deriveAttachments(
  graph: Graph,
  routes: Collection<RouteClaim>,
  points: AttachPoints,
  sources: ResourceSources,
): Attachments {
  const { namespaces } = sources;
  const bindings = graph.derive({
    name: "translate/RouteBindings",
    key: ({ key }: RouteBindings) => key,
    from: routes,
    reads: [points.parents, points.points, namespaces],
    map: (route, read) => [{ key: route.reference.object, bindings: bindingsOf(route, points, namespaces, read) }],
  });
  return {
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
    routesAtListeners: graph.derive({
      name: "translate/RoutesAtListeners",
      key: (at: RouteAtListener) => at.key,
      from: bindings,
      map: routesAtListenersOf,
    }),
    findings: deriveLostFindings(graph, routes, sources),
  };
}

function bindingsOf(
  route: RouteClaim,
  { parents, byParent }: AttachPoints,
  namespaces: Collection<Namespace>,
  read: Reader,
): Binding[] {
  return route.parentRefs.flatMap((parentRef, index) => {
    const key = parentKeyOf(route, parentRef);
    const parent = key && read.get(parents, key);
    if (key === undefined || parent === undefined) return [];
    const { sectionName } = parentRef;
    const points = read.by(byParent, sectionName === undefined ? key : sectionToken(key, sectionName));
    const allowsNamespace = (point: AttachPoint) => allows(point, route.reference.namespace, namespaces, read);
    return [bindRoute(route, parentRef, index, { parent, points, allowsNamespace })];
  });
}

function parentKeyOf({ reference }: RouteClaim, parentRef: ParentReference): ObjectKey | undefined {
  const { group, kind, name, namespace = reference.namespace } = parentRef;
  const isOurs = group === gatewayGroup && (kind === "Gateway" || kind === "ListenerSet");
  return isOurs ? objectKey({ group, kind, namespace, name }) : undefined;
}

function allows(
  { allowedNamespaces: { from, selector }, namespace }: AttachPoint,
  ofRoute: string,
  namespaces: Collection<Namespace>,
  read: Reader,
): boolean {
  switch (from) {
    case "All":
      return true;
    case "Same":
      return namespace === ofRoute;
    case "Selector":
      return namespaceMatches(read, namespaces, ofRoute, selector);
  }
}

function routesAtListenersOf({ key: route, bindings }: RouteBindings): RouteAtListener[] {
  const parentRefs = new Map<ListenerKey, ParentReference[]>();
  for (const { result, attachments } of bindings) {
    for (const { listener } of attachments) {
      parentRefs.set(listener, [...(parentRefs.get(listener) ?? []), result.parentRef]);
    }
  }
  return [...parentRefs].map(([listener, refs]) => ({
    key: `${route}|${listener}`,
    route,
    listener,
    parentRefs: refs,
  }));
}

/** ParentRefs that lead nowhere: no status can tell, since there is no parent to tell it for. */
function deriveLostFindings(
  graph: Graph,
  routes: Collection<RouteClaim>,
  { gateways, listenerSets }: ResourceSources,
): Collection<Finding> {
  return graph.derive({
    name: "translate/LostRouteFindings",
    key: (finding: Finding) => finding.key,
    from: routes,
    reads: [gateways, listenerSets],
    map: (route, read) => {
      const object = route.reference.object;
      const lost = route.parentRefs.flatMap((parentRef, index) => {
        const key = parentKeyOf(route, parentRef);
        const kind = parentRef.kind === "Gateway" ? gateways : listenerSets;
        if (key === undefined || read.pick<unknown, boolean>(kind, key, (found) => found !== undefined)) return [];
        const { namespace = route.reference.namespace, name } = parentRef;
        const message = `there is no ${parentRef.kind} ${namespace}/${name}, so that the route is attached to nothing by this reference`;
        const path = `spec.parentRefs[${index}]`;
        return [findingOf({ object, severity: "error", code: "route-parent-not-found", path, message })];
      });
      return [...lost, ...aimlessFindings(route)];
    },
  });
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
