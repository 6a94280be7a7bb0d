/**
 * Listeners: claims judged together with the others of their port, their TLS, their kinds of routes and the parameters of
 * their Gateway. Nothing here knows of routes.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import { routeTableKey, socketKey, spread } from "../../model/index.ts";
import type { Verdict } from "../attachment.ts";
import type { ParametersOfGateway } from "../gateways/parameters.ts";
import type { FieldProblem, Listener, ListenerClaim, PortVerdict } from "../listener.ts";
import { hostnameOf, judgePort } from "./conflicts.ts";
import { type ListenerFilters, unknownFilterOf } from "./listener-filters.ts";
import type { ListenerTls } from "./listener-tls.ts";
import { allowedKindsOf, isSupportedProtocol, isTlsProtocol, transportOf } from "./protocols.ts";

export interface ListenerSources {
  readonly tls: Collection<ListenerTls>;
  readonly listenerFilters: Collection<ListenerFilters>;
  readonly parameters: Collection<ParametersOfGateway>;
}

export function deriveListeners(
  graph: Graph,
  claims: Collection<ListenerClaim>,
  { tls, listenerFilters, parameters }: ListenerSources,
): Collection<Listener> {
  const ports = graph.groups<ListenerClaim>({
    name: "translate/Ports",
    of: claims,
    by: ({ proxy, spec, refused }) =>
      isSupportedProtocol(spec.protocol) && !refused ? [`${proxy}/${transportOf(spec.protocol)}/${spec.port}`] : [],
  });
  const verdicts = graph.derive({
    name: "translate/PortVerdicts",
    key: (verdict: PortVerdict) => verdict.key,
    from: ports,
    map: ({ members }) => judgePort(members),
  });
  return graph.derive({
    name: "translate/Listeners",
    key: (listener: Listener) => listener.key,
    from: claims,
    reads: [verdicts, tls, listenerFilters, parameters],
    map: (claim, read) => {
      const unresolved = read.pick(listenerFilters, claim.key, (found) => found?.unresolved ?? []);
      const listener = listenerOf(claim, read.get(verdicts, claim.key), read.get(tls, claim.key), unresolved);
      const { table } = listener;
      const isForMany =
        canHaveManyHosts(listener) && read.pick(parameters, claim.gatewayObject, (stated) => stated?.hosts === "Many");
      return [isForMany && table !== undefined ? { ...listener, table: spread(table) } : listener];
    },
  });
}

function listenerOf(
  claim: ListenerClaim,
  verdict: PortVerdict | undefined,
  tls: ListenerTls | undefined,
  unresolvedFilters: readonly FieldProblem[],
): Listener {
  const { key, parent, gateway, gatewayObject, proxy, index, spec, addresses } = claim;
  const path = `spec.listeners[${index}]`;
  const kinds = allowedKindsOf(spec, path);
  const refusal = refusalOf(claim, verdict, tls, path);
  const unresolved = [...(tls?.unresolved ?? []), ...kinds.problems, ...unresolvedFilters];
  const present = verdict !== undefined && verdict.conflict === undefined && verdict.occupied === undefined;
  const transport = transportOf(spec.protocol);
  const socket = socketKey(proxy, addresses[0] ?? "", transport, spec.port);
  const isComplete =
    !isTlsProtocol(spec.protocol) || spec.tls?.mode === "Passthrough" || tls?.termination !== undefined;
  return {
    key,
    parent,
    gateway,
    gatewayObject,
    proxy,
    name: spec.name,
    index,
    protocol: spec.protocol,
    transport,
    port: spec.port,
    hostname: hostnameOf(claim),
    allowedKinds: kinds.kinds,
    allowedNamespaces: spec.allowedRoutes.namespaces,
    addresses,
    socket,
    ...(spec.protocol === "HTTP" && { table: routeTableKey(socket) }),
    ...(spec.protocol === "HTTPS" && { table: routeTableKey(socket, key) }),
    ...(spec.filters?.requests?.length && { requestFilters: spec.filters.requests.length }),
    ...(tls?.termination && { termination: tls.termination }),
    accepted: verdictFrom(refusal, "Accepted", "The listener is valid"),
    resolvedRefs: verdictFrom(unresolved[0], "ResolvedRefs", "Every reference resolves"),
    ...(verdict?.conflict && { conflict: verdict.conflict }),
    overlapping: verdict?.overlapping ?? [],
    narrower: verdict?.narrower ?? [],
    misdirected: verdict?.misdirected ?? [],
    present,
    serving: present && refusal === undefined && isComplete && addresses.length > 0,
    // Without an authority to trust, the references to authorities tell what is wrong.
    problems: [...(refusal && refusal.reason !== "NoValidCACertificate" ? [refusal] : []), ...unresolved],
  };
}

/** All routes of an HTTPS listener for one name share that one host. */
const canHaveManyHosts = ({ protocol, hostname }: Listener): boolean =>
  protocol === "HTTP" || (protocol === "HTTPS" && hostname.startsWith("*"));

/** Why the listener is not accepted: the first of what would have to change anyway. */
function refusalOf(
  { spec }: ListenerClaim,
  verdict: PortVerdict | undefined,
  tls: ListenerTls | undefined,
  path: string,
): FieldProblem | undefined {
  if (!isSupportedProtocol(spec.protocol)) {
    const message = `the protocol ${spec.protocol} is not supported; it can be HTTP, HTTPS, TLS, TCP or UDP`;
    return { reason: "UnsupportedProtocol", message, path: `${path}.protocol` };
  }
  if (verdict?.conflict !== undefined) return { ...verdict.conflict, path };
  if (verdict?.occupied !== undefined) {
    return { reason: "PortUnavailable", message: verdict.occupied, path: `${path}.port` };
  }
  const filter = unknownFilterOf(spec.filters?.requests);
  if (filter !== undefined) {
    return { reason: "UnsupportedValue", message: filter.message, path: `${path}.${filter.path}` };
  }
  return tls?.refusal;
}

function verdictFrom(problem: FieldProblem | undefined, reason: string, message: string): Verdict {
  return problem
    ? { status: "False", reason: problem.reason, message: problem.message }
    : { status: "True", reason, message };
}
