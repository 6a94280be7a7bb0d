/** What the protocols of listeners mean: their transport and the kinds of routes that they carry. */
import type { RouteKind } from "../../model/index.ts";
import { gatewayGroup, type Listener as ListenerSpec, type RouteGroupKind } from "../../resources/index.ts";
import type { FieldProblem } from "../listener.ts";

export type ListenerProtocol = "HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP";

const CARRIED: Readonly<Record<ListenerProtocol, readonly RouteKind[]>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute"],
  TCP: ["TCPRoute"],
  UDP: ["UDPRoute"],
};

export const isSupportedProtocol = (protocol: string): protocol is ListenerProtocol => Object.hasOwn(CARRIED, protocol);

export const transportOf = (protocol: string): "tcp" | "udp" => (protocol === "UDP" ? "udp" : "tcp");

/** Whether listeners of this protocol share a port by the server name of TLS. */
export const isTlsProtocol = (protocol: string): boolean => protocol === "HTTPS" || protocol === "TLS";

export interface AllowedKinds {
  readonly kinds: readonly RouteKind[];
  readonly problems: readonly FieldProblem[];
}

/**
 * The kinds of routes that may attach: what the protocol carries, cut down to `allowedRoutes.kinds` where that is stated.
 * A stated kind that the protocol cannot carry is a problem, and does not take the others along.
 */
export function allowedKindsOf({ protocol, allowedRoutes }: ListenerSpec, path: string): AllowedKinds {
  const carried = isSupportedProtocol(protocol) ? CARRIED[protocol] : [];
  const stated = allowedRoutes.kinds ?? [];
  if (stated.length === 0 || carried.length === 0) return { kinds: carried, problems: [] };
  const isCarried = ({ group, kind }: RouteGroupKind) =>
    group === gatewayGroup && carried.some((candidate) => candidate === kind);
  const problems = stated.flatMap((groupKind, index) => {
    if (isCarried(groupKind)) return [];
    const message = `a listener of protocol ${protocol} carries ${carried.join(" and ")}, not ${groupKind.kind}${groupKind.group === gatewayGroup ? "" : `.${groupKind.group}`}`;
    return [{ reason: "InvalidRouteKinds", message, path: `${path}.allowedRoutes.kinds[${index}]` }];
  });
  return { kinds: carried.filter((kind) => stated.some((one) => one.kind === kind && isCarried(one))), problems };
}
