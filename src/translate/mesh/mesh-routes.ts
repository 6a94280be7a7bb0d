/**
 * Which routes speak for a port of a Service, by kind: where several kinds would, the one that says most about the traffic has
 * the port to itself, and the others are told so.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1294/ (route types and precedence)
 */
import type { Graph, Collection, Index, Reader } from "../../collections/index.ts";
import type { NamespacedName, RouteKind } from "../../model/index.ts";
import type { ParentReference, Route, ServicePort } from "../../resources/index.ts";

/** The kinds that can speak for a Service, the strongest first. */
const KINDS: readonly RouteKind[] = ["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"];

/** A port of a Service for all callers, or for those of a namespace. */
export interface PortInView {
  readonly service: NamespacedName;
  readonly port: Pick<ServicePort, "port" | "name">;
  readonly callers: string | undefined;
}

export const canSpeakForServices = (kind: RouteKind): boolean => KINDS.includes(kind);

export const isServiceReference = ({ group, kind }: ParentReference): boolean => group === "" && kind === "Service";

/**
 * Whom a route for a Service is for: a route beside the Service speaks for all callers (a producer's), one from elsewhere for
 * those of its own namespace (a consumer's).
 */
export const callersOf = (routeNamespace: string, serviceNamespace: string): string | undefined =>
  routeNamespace === serviceNamespace ? undefined : routeNamespace;

/** Routes by the ports of Services that they name. */
export const indexMeshRoutes = (graph: Graph, routes: Collection<Route>): Index<Route> =>
  graph.index(routes, "by port of a Service", ({ kind, metadata: { namespace }, spec: { parentRefs = [] } }) =>
    parentRefs.filter(isServiceReference).map((parentRef) => {
      const { name, namespace: of = namespace, port, sectionName } = parentRef;
      return tokenOf({ namespace: of, name }, callersOf(namespace, of), kind, port ?? sectionName ?? ANY);
    }),
  );

/** The stronger kind that has the port, where there is one. */
export function strongerKind(
  kind: RouteKind,
  { service, port, callers }: PortInView,
  routes: Index<Route>,
  read: Reader,
): RouteKind | undefined {
  const places = [ANY, port.port, ...(port.name === undefined ? [] : [port.name])];
  return KINDS.slice(0, Math.max(0, KINDS.indexOf(kind))).find((stronger) =>
    places.some((place) => read.count(routes, tokenOf(service, callers, stronger, place)) > 0),
  );
}

const ANY = "*";

const tokenOf = (
  { namespace, name }: NamespacedName,
  callers: string | undefined,
  kind: RouteKind,
  place: string | number,
): string => `${namespace}/${name}@${callers ?? ""}|${kind}|${place}`;
