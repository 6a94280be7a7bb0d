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
import { DEFAULT_GATEWAYS, sectionToken } from "./attach-points.ts";
import { type Binding, bindRoute, type ParentWish } from "./attach-route.ts";
import { bindToService, type ServiceParents } from "../mesh/bind-to-service.ts";
import { addressesIn } from "../mesh/mesh-networks.ts";
import { indexMeshRoutes, isServiceReference } from "../mesh/mesh-routes.ts";
import type { TranslateSettings } from "../settings.ts";
import { type RouteClaim, routeClaimOf } from "./route-claim.ts";

/** All that became of a route's parentRefs. */
export interface RouteBindings {
  readonly key: ObjectKey;
  readonly bindings: readonly Binding[];
  /** Positions of parentRefs that name nothing of ours. */
  readonly unbound: readonly number[];
  /** The route asks for the default Gateways, and there is none. */
  readonly lacksDefault: boolean;
}

export interface Attachments {
  readonly bindings: Collection<RouteBindings>;
  readonly attachments: Collection<Attachment>;
  readonly parentResults: Collection<ParentResult>;
  readonly findings: Collection<Finding>;
}

/** `meshSettings`: routes can attach to Services. */
export function deriveAttachments(
  graph: Graph,
  points: AttachPoints,
  sources: ResourceSources,
  meshSettings: TranslateSettings["mesh"],
): Attachments {
  const hasMesh = meshSettings !== undefined;
  const { namespaces, httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, udpRoutes, services } = sources;
  const routes = graph.union<Route>({
    name: "translate/Routes",
    of: [httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, udpRoutes],
  });
  const mesh = hasMesh
    ? { services, isInMesh: addressesIn(meshSettings.networks), routes: indexMeshRoutes(graph, routes) }
    : undefined;
  const bindings = graph.derive({
    name: "translate/RouteBindings",
    key: ({ key }: RouteBindings) => key,
    from: routes,
    reads: [points.parents, points.points, namespaces, ...(mesh ? [services, routes] : [])],
    map: (route, read) => [bindingsOf(routeClaimOf(route), { points, namespaces, mesh }, read)],
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
    findings: deriveLostFindings(graph, bindings, routes, { ...sources, hasMesh }),
  };
}

interface Parents {
  readonly points: AttachPoints;
  readonly namespaces: Collection<Namespace>;
  readonly mesh: ServiceParents | undefined;
}

function bindingsOf(route: RouteClaim, { points, namespaces, mesh }: Parents, read: Reader): RouteBindings {
  const { parents, byParent } = points;
  const unbound: number[] = [];
  const bindings = wishesOf(route, points, read).flatMap((wish) => {
    const { parentRef, index } = wish;
    if (mesh && isServiceReference(parentRef)) {
      const bound = bindToService(route, wish, mesh, read);
      if (bound === undefined) unbound.push(index);
      return bound ?? [];
    }
    const key = parentKeyOf(route, parentRef);
    const parent = key && read.get(parents, key);
    if (key === undefined || parent === undefined) {
      unbound.push(index);
      return [];
    }
    const { sectionName } = parentRef;
    const listeners = read.by(byParent, sectionName === undefined ? key : sectionToken(key, sectionName));
    const allowsNamespace = ({ allowedNamespaces, namespace }: AttachPoint) =>
      isNamespaceAllowed(allowedNamespaces, namespace, route.reference.namespace, namespaces, read);
    return [bindRoute(route, wish, { parent, points: listeners, allowsNamespace })];
  });
  return { key: route.reference.object, bindings, unbound, lacksDefault: isDefaultMissing(route, points, read) };
}

const isDefaultMissing = ({ usesDefaultGateways }: RouteClaim, { defaults }: AttachPoints, read: Reader): boolean =>
  usesDefaultGateways && read.count(defaults, DEFAULT_GATEWAYS) === 0;

/**
 * What the route names, then each default Gateway, as if the route named that as a whole too; one that it does name so
 * counts once. https://gateway-api.sigs.k8s.io/geps/gep-3793/
 */
function wishesOf(route: RouteClaim, { defaults }: AttachPoints, read: Reader): ParentWish[] {
  const named = route.parentRefs.map((parentRef, index) => ({ parentRef, index, path: `spec.parentRefs[${index}]` }));
  if (!route.usesDefaultGateways) return named;
  const whole = route.parentRefs.filter(({ sectionName, port }) => sectionName === undefined && port === undefined);
  const stated = new Set(whole.map((parentRef) => parentKeyOf(route, parentRef)));
  const others = read.by(defaults, DEFAULT_GATEWAYS).filter(({ key }) => !stated.has(key));
  return [
    ...named,
    ...others.map(({ gateway: { namespace, name } }, position) => ({
      // In the order of a reference that is stated in short, so that the same status is the same text.
      parentRef: { name, namespace, group: gatewayGroup, kind: "Gateway" },
      index: named.length + position,
      path: "spec.useDefaultGateways",
    })),
  ];
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
  sources: LostSources,
): Collection<Finding> {
  return graph.derive({
    name: "translate/LostRouteFindings",
    key: (finding: Finding) => finding.key,
    from: bindings,
    reads: [routes, sources.gateways, sources.listenerSets, sources.services],
    map: ({ key: object, bindings: bound, unbound, lacksDefault }, read) => {
      if (bound.length > 0 && unbound.length === 0 && !lacksDefault) return [];
      const route = read.get(routes, object);
      const claim = route && routeClaimOf(route);
      if (claim === undefined) return [];
      const lost = unbound.flatMap((index) => lostFindings(claim, index, sources, read));
      return [...lost, ...aimlessFindings(claim, lacksDefault)];
    },
  });
}

interface LostSources extends Pick<ResourceSources, "gateways" | "listenerSets" | "services"> {
  readonly hasMesh: boolean;
}

function lostFindings(claim: RouteClaim, index: number, sources: LostSources, read: Reader): Finding[] {
  const parentRef = claim.parentRefs[index];
  if (parentRef === undefined) return [];
  const { group, kind, name, namespace = claim.reference.namespace } = parentRef;
  const isService = sources.hasMesh && isServiceReference(parentRef);
  const key = isService ? objectKey({ group, kind, namespace, name }) : parentKeyOf(claim, parentRef);
  if (key === undefined) return [];
  const ofGateway: Collection<unknown> = kind === "Gateway" ? sources.gateways : sources.listenerSets;
  const parents = isService ? sources.services : ofGateway;
  if (read.pick(parents, key, (found) => found !== undefined)) return [];
  const message = `there is no ${kind} ${namespace}/${name}, so that the route is attached to nothing by this reference`;
  const path = `spec.parentRefs[${index}]`;
  return [
    findingOf({ object: claim.reference.object, severity: "error", code: "route-parent-not-found", path, message }),
  ];
}

function aimlessFindings(
  { reference: { object }, parentRefs, usesDefaultGateways }: RouteClaim,
  lacksDefault: boolean,
): Finding[] {
  if (lacksDefault) {
    const path = "spec.useDefaultGateways";
    const message = "no Gateway here is a default one, so that the route is attached to nothing by this field";
    const advice = "Set spec.defaultScope: All on a Gateway, or name one in spec.parentRefs";
    return [findingOf({ object, severity: "warning", code: "no-default-gateway", path, message, advice })];
  }
  if (parentRefs.length > 0 || usesDefaultGateways) return [];
  const message = "the route names no parent in spec.parentRefs, so that it is attached to nothing";
  return [findingOf({ object, severity: "warning", code: "route-without-parent", path: "spec.parentRefs", message })];
}
