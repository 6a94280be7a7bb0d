/**
 * Attaches a route to a Service: to those ports of it that the parentRef names, or to all. Its hostnames decide nothing, because a
 * caller reaches a Service by its address, whatever name it used.
 *
 * Where several reasons stand against it, the first of these is told: no such port, or no address that the mesh looks at (NoMatchingParent);
 * a kind that the mesh does not carry (NotAllowedByListeners); a stronger kind that speaks for the same ports (Conflicted).
 *
 * https://gateway-api.sigs.k8s.io/mesh/service-facets/, https://gateway-api.sigs.k8s.io/geps/gep-1426/
 */
import type { Collection, Index, Reader } from "../../collections/index.ts";
import {
  ALL_SIDECARS,
  frontendKey,
  MESH,
  type RouteKind,
  routeTableKey,
  sidecarsOf,
  socketKeyOfFrontend,
} from "../../model/index.ts";
import { canonicalAddress, objectKey, type Route, type Service, type ServicePort } from "../../resources/index.ts";
import type { AttachedHost, Attachment, ParentResult, Verdict } from "../attachment.ts";
import type { Binding, ParentWish } from "../attach/attach-route.ts";
import type { RouteClaim } from "../attach/route-claim.ts";
import { ANY_HOSTNAME } from "../hostname.ts";
import { routeRulesKey } from "../rules/route-rules.ts";
import type { IsInMesh } from "./mesh-networks.ts";
import { callersOf, canSpeakForServices, type PortInView, strongerKind } from "./mesh-routes.ts";

export interface ServiceParents {
  readonly services: Collection<Service>;
  readonly isInMesh: IsInMesh;
  /** See `indexMeshRoutes`. */
  readonly routes: Index<Route>;
}

/** Undefined where there is no such Service. */
export function bindToService(
  route: RouteClaim,
  wish: ParentWish,
  parents: ServiceParents,
  read: Reader,
): Binding | undefined {
  const { reference } = route;
  const { parentRef, index, path } = wish;
  const service = { namespace: parentRef.namespace ?? reference.namespace, name: parentRef.name };
  const key = objectKey({ group: "", kind: "Service", ...service });
  const spec = read.pick(parents.services, key, (found) => found?.spec);
  if (spec === undefined) return undefined;
  const callers = callersOf(reference.namespace, service.namespace);
  const isReached = addressesOf(spec).some(parents.isInMesh);
  const ports = isReached ? portsNamedBy(spec, parentRef) : [];
  const met = ports.map((port): PortInView => ({ service, port, callers }));
  const free = met.filter((port) => strongerKind(reference.kind, port, parents.routes, read) === undefined);
  const accepted = verdictOf(route, wish, spec, { met, free, isReached });
  const result: ParentResult = {
    key: `${reference.object}|${index}`,
    rules: routeRulesKey(reference.object, MESH),
    route: reference,
    parentRefIndex: index,
    parentPath: path,
    parentRef,
    accepted,
    gateway: MESH,
  };
  return { result, attachments: accepted.status === "True" ? free.map((at) => attachmentOf(route, result, at)) : [] };
}

/** The addresses by which callers reach a Service itself; a headless one and an ExternalName have none. */
export function addressesOf({ type, clusterIP, clusterIPs }: Service["spec"]): readonly string[] {
  if (type === "ExternalName") return [];
  return (clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]))
    .filter((ip) => ip !== "None" && ip !== "")
    .map(canonicalAddress);
}

export const tcpPortsOf = ({ ports = [] }: Service["spec"]): readonly ServicePort[] =>
  ports.filter(({ protocol }) => protocol === "TCP");

/** For a Service, the section name is that of a port. https://gateway-api.sigs.k8s.io/reference/spec/#parentreference */
const portsNamedBy = (spec: Service["spec"], { port, sectionName }: ParentWish["parentRef"]): ServicePort[] =>
  tcpPortsOf(spec).filter(
    (candidate) =>
      (port === undefined || candidate.port === port) && (sectionName === undefined || candidate.name === sectionName),
  );

function attachmentOf(
  { hostnames }: RouteClaim,
  { key, rules, route, parentPath }: ParentResult,
  at: PortInView,
): Attachment {
  const listener = frontendKey(at.service, at.port.port, at.callers);
  const socket = socketKeyOfFrontend(listener);
  const isHttp = route.kind === "HTTPRoute" || route.kind === "GRPCRoute";
  return {
    key: `${key}|${listener}`,
    parent: key,
    rules,
    route,
    parentPath,
    gateway: MESH,
    proxy: at.callers === undefined ? ALL_SIDECARS : sidecarsOf(at.callers),
    listener,
    socket,
    ...(isHttp && { table: routeTableKey(socket) }),
    port: at.port.port,
    serving: true,
    hosts: isHttp ? EVERY_HOST : serverNamesOf(route.kind, hostnames),
  };
}

/** The hostnames of a TLSRoute are those of TLS (SNI), which a caller's address says nothing about. */
function serverNamesOf(kind: RouteKind, hostnames: readonly string[]): readonly AttachedHost[] {
  if (kind !== "TLSRoute") return [];
  return hostnames.length === 0 ? EVERY_HOST : hostnames.map((name) => ({ domain: name, routeHostname: name }));
}

const EVERY_HOST: readonly AttachedHost[] = [{ domain: ANY_HOSTNAME, routeHostname: ANY_HOSTNAME }];

interface PortsNamed {
  readonly met: readonly PortInView[];
  /** Those of them that no stronger kind speaks for. */
  readonly free: readonly PortInView[];
  /** The Service has an address that the mesh looks at. */
  readonly isReached: boolean;
}

function verdictOf(
  { reference: { kind } }: RouteClaim,
  { parentRef: { name, port, sectionName } }: ParentWish,
  spec: Service["spec"],
  { met, free, isReached }: PortsNamed,
): Verdict {
  const label = `Service ${name}`;
  if (addressesOf(spec).length === 0)
    return no("NoMatchingParent", `${label} has no address of its own that callers could be routed by`);
  if (!isReached) {
    const where = addressesOf(spec).join(" and ");
    return no("NoMatchingParent", `no network of the mesh has ${where} of ${label}: name its network in mesh.networks`);
  }
  if (met.length === 0) {
    const wanted = [
      ...(port === undefined ? [] : [`with number ${port}`]),
      ...(sectionName === undefined ? [] : [`named ${sectionName}`]),
    ];
    return no("NoMatchingParent", [`${label} has no TCP port`, ...wanted].join(" "));
  }
  if (!canSpeakForServices(kind))
    return no("NotAllowedByListeners", `the mesh leaves what a ${kind} is about as it is`);
  if (free.length === 0) {
    const message = `routes of a kind that says more have every port of ${label} that this route names`;
    return no("Conflicted", message);
  }
  return { status: "True", reason: "Accepted", message: "The route is attached" };
}

const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
