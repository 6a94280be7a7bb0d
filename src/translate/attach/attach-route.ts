/**
 * Whether a parentRef binds a route to listeners, and to which. Pure; what it needs to know about the parent comes in.
 *
 * The reasons, in order: no listener of the parent has that name and port (NoMatchingParent); none of those takes routes of
 * this kind or namespace (NotAllowedByListeners); none of those has a hostname in common with the route
 * (NoMatchingListenerHostname). A listener's own troubles decide nothing here: a route can attach to one that cannot serve.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
 */
import { compareText, type ParentReference } from "../../resources/index.ts";
import type { AttachedHost, Attachment, ParentResult, Verdict } from "../attachment.ts";
import { ANY_HOSTNAME, intersectHostnames } from "../hostname.ts";
import { routeRulesKey } from "../rules/route-rules.ts";
import { isTaken } from "../listeners/conflicts.ts";
import { compareHostnames } from "../virtual-hosts/precedence.ts";
import type { AttachPoint, RouteParent } from "./attach-points.ts";
import type { RouteClaim } from "./route-claim.ts";

export interface Binding {
  readonly result: ParentResult;
  readonly attachments: readonly Attachment[];
}

export interface ParentView {
  readonly parent: RouteParent;
  /** Its listeners that have the sectionName of the parentRef, where it states one. */
  readonly points: readonly AttachPoint[];
  readonly allowsNamespace: (point: AttachPoint) => boolean;
}

/** A parent that a route asks for, by name or as one of the default Gateways, and where it does so. */
export interface ParentWish {
  readonly parentRef: ParentReference;
  readonly index: number;
  readonly path: string;
}

export function bindRoute(
  route: RouteClaim,
  wish: ParentWish,
  { parent, points, allowsNamespace }: ParentView,
): Binding {
  const { reference } = route;
  const { parentRef, index, path } = wish;
  const matching = points.filter(({ port }) => parentRef.port === undefined || parentRef.port === port);
  const ofKind = matching.filter(({ allowedKinds }) => allowedKinds.includes(reference.kind));
  const allowed = ofKind.filter(allowsNamespace);
  const met = allowed.flatMap((point) => {
    const hosts = hostsOf(route, point);
    return hosts === undefined ? [] : [{ point, hosts }];
  });
  const result: ParentResult = {
    key: `${reference.object}|${index}`,
    rules: routeRulesKey(reference.object, parent.gateway),
    route: reference,
    parentRefIndex: index,
    parentPath: path,
    parentRef,
    accepted: verdictOf(route, parentRef, { parent, matching, ofKind, allowed, met }),
    gateway: parent.gateway,
  };
  return { result, attachments: met.map(({ point, hosts }) => attachmentOf(result, point, hosts)) };
}

/**
 * Where the route's hostnames meet the listener's; undefined where they do not. What a narrower listener of the port takes
 * is left out, so that the list can be empty for a route that is attached all the same.
 */
function hostsOf({ reference, hostnames }: RouteClaim, point: AttachPoint): AttachedHost[] | undefined {
  if (reference.kind === "TCPRoute" || reference.kind === "UDPRoute") return [];
  const stated = hostnames.length === 0 ? [ANY_HOSTNAME] : [...new Set(hostnames)];
  const meeting = stated.flatMap((routeHostname) => {
    const domain = intersectHostnames(routeHostname, point.hostname);
    return domain === undefined ? [] : [{ domain, routeHostname }];
  });
  if (meeting.length === 0) return undefined;
  // Where several hostnames of the route meet the listener in the same domain, the most specific one speaks for it.
  const best = new Map(
    meeting
      .sort(byRouteHostname)
      .reverse()
      .map((host) => [host.domain, host]),
  );
  return [...best.values()].reverse().filter(({ domain }) => !isTaken(domain, point.narrower));
}

const byRouteHostname = (a: AttachedHost, b: AttachedHost): number =>
  compareHostnames(a.routeHostname, b.routeHostname) || compareText(a.routeHostname, b.routeHostname);

function attachmentOf(
  { key, rules, route, parentPath }: ParentResult,
  point: AttachPoint,
  hosts: readonly AttachedHost[],
): Attachment {
  return {
    key: `${key}|${point.key}`,
    parent: key,
    rules,
    route,
    parentPath,
    gateway: point.gateway,
    proxy: point.proxy,
    listener: point.key,
    socket: point.socket,
    ...(point.table !== undefined && { table: point.table }),
    port: point.port,
    serving: point.serving,
    hosts,
  };
}

interface Filtered {
  readonly parent: RouteParent;
  readonly matching: readonly AttachPoint[];
  readonly ofKind: readonly AttachPoint[];
  readonly allowed: readonly AttachPoint[];
  readonly met: readonly unknown[];
}

function verdictOf(
  { reference, hostnames }: RouteClaim,
  parentRef: ParentReference,
  { parent, matching, ofKind, allowed, met }: Filtered,
): Verdict {
  if (met.length > 0) return { status: "True", reason: "Accepted", message: "The route is attached" };
  const { kind, name, sectionName, port } = parentRef;
  const label = `${kind} ${name}`;
  if (matching.length === 0) {
    if (parent.refusal !== undefined) return no("NoMatchingParent", `${label} is not attached: ${parent.refusal}`);
    const named = sectionName === undefined ? "" : ` named ${sectionName}`;
    return no("NoMatchingParent", `${label} has no listener${named}${port === undefined ? "" : ` on port ${port}`}`);
  }
  const names = (points: readonly AttachPoint[]) => points.map((point) => point.name).join(", ");
  if (ofKind.length === 0) {
    const message = `no listener of ${label} takes routes of kind ${reference.kind} (its listeners: ${names(matching)})`;
    return no("NotAllowedByListeners", message);
  }
  if (allowed.length === 0) {
    const message = `no listener of ${label} takes routes of namespace ${reference.namespace} (its listeners: ${names(ofKind)})`;
    return no("NotAllowedByListeners", message);
  }
  const wanted = allowed.map((point) => point.hostname).join(", ");
  const message = `the route's hostnames (${hostnames.join(", ")}) have nothing in common with those of the listeners (${wanted})`;
  return no("NoMatchingListenerHostname", message);
}

const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
