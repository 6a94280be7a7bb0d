/**
 * Sockets: one for each address of the listeners that share a port. HTTP and HTTPS chains depend on listeners alone, so that
 * routes come and go without a socket changing; those of TLS, TCP and UDP name the route that gets their connections.
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import {
  type Chain,
  type RouteTableKey,
  type Socket,
  socketKey,
  type StreamBackend,
  type StreamBackendKey,
} from "../../model/index.ts";
import type { Attachment } from "../attachment.ts";
import { ANY_HOSTNAME, isNarrower } from "../hostname.ts";
import type { Listener } from "../listener.ts";
import { isTlsProtocol } from "../listeners/protocols.ts";
import { streamBackendKey } from "../stream/stream-rules.ts";
import type { TelemetryBinding } from "../telemetry/telemetry-bindings.ts";
import { compareRoutes } from "../virtual-hosts/precedence.ts";
import { serverNamesOf } from "./server-names.ts";

export interface SocketSources {
  readonly listeners: Collection<Listener>;
  readonly attachments: Collection<Attachment>;
  readonly streamBackends: Collection<StreamBackend>;
  /** By Gateway, among others. */
  readonly telemetry: Collection<TelemetryBinding>;
  /** HTTP listeners take workloads of the mesh as such. */
  readonly takesMembers: boolean;
}

export function deriveSockets(graph: Graph, sources: SocketSources): Collection<Socket> {
  const { listeners, attachments, streamBackends, telemetry, takesMembers } = sources;
  const groups = graph.groups<Listener>({
    name: "translate/ListenersOfSockets",
    of: listeners,
    by: ({ present, addresses, socket }) => (present && addresses.length > 0 ? [socket] : []),
  });
  const byListener = graph.index(attachments, "by stream listener", ({ table, listener }) =>
    table === undefined ? [listener] : [],
  );
  return graph.derive({
    name: "translate/Sockets",
    key: (socket: Socket) => socket.key,
    from: groups,
    reads: [attachments, streamBackends, telemetry],
    map: ({ members }, read) => socketsOf(members, { byListener, streamBackends, telemetry, takesMembers, read }),
  });
}

interface Surroundings {
  readonly byListener: Index<Attachment>;
  readonly streamBackends: Collection<StreamBackend>;
  readonly telemetry: Collection<TelemetryBinding>;
  readonly takesMembers: boolean;
  readonly read: Reader;
}

function socketsOf(listeners: readonly Listener[], routes: Surroundings): Socket[] {
  const [first] = listeners;
  if (first === undefined || !listeners.some(({ serving }) => serving)) return [];
  const chains = chainsOf(listeners, routes);
  const { proxy, transport, port } = first;
  const { gateway } = listeners.find(({ serving }) => serving) ?? first;
  return first.addresses.map((address) => ({
    key: socketKey(proxy, address, transport, port),
    proxy,
    gateway,
    transport,
    address,
    ...(address === "::" && first.addresses.includes("0.0.0.0") && { onlyIPv6: true as const }),
    port,
    chains,
  }));
}

function chainsOf(listeners: readonly Listener[], routes: Surroundings): Chain[] {
  const [serving, idle] = [listeners.filter((one) => one.serving), listeners.filter((one) => !one.serving)];
  return [
    ...httpChain(serving, routes),
    ...serving.flatMap((listener) => chainsOfListener(listener, routes)),
    ...idle.flatMap((listener) => closingChain(listener, serving)),
  ];
}

/** One chain for all plain-HTTP listeners: their hosts are told apart in the table they share. */
function httpChain(serving: readonly Listener[], around: Surroundings): Chain[] {
  const http = serving.filter(({ protocol }) => protocol === "HTTP");
  const table: RouteTableKey | undefined = http[0]?.table;
  const filters = Math.max(0, ...http.map(({ requestFilters }) => requestFilters ?? 0));
  return table === undefined
    ? []
    : [
        {
          kind: "http",
          listeners: http.map(({ key }) => key),
          table,
          ...(filters > 0 && { requestFilters: filters }),
          ...tracingOf(http[0], around),
          ...(around.takesMembers && { takesMembers: true }),
        },
      ];
}

function chainsOfListener(listener: Listener, routes: Surroundings): Chain[] {
  const { key, protocol, hostname, table, termination, requestFilters } = listener;
  switch (protocol) {
    case "HTTPS":
      return table && termination
        ? [
            {
              kind: "https",
              listeners: [key],
              serverNames: namesOf(hostname),
              table,
              ...(requestFilters !== undefined && { requestFilters }),
              ...tracingOf(listener, routes),
              tls: termination,
            },
          ]
        : [];
    case "TLS":
      return tlsChains(listener, routes);
    case "TCP":
    case "UDP": {
      const kind = protocol === "TCP" ? "tcp" : "udp";
      const [oldest] = [...attachmentsOf(listener, routes)].sort((a, b) => compareRoutes(a.route, b.route));
      return [{ kind, listeners: [key], ...targetOf(oldest, listener, routes) }];
    }
    default:
      return [];
  }
}

/** One Gateway has a port to itself, so that its first listener speaks for all. */
function tracingOf(listener: Listener | undefined, { telemetry, read }: Surroundings): Pick<HttpChain, "tracing"> {
  const tracing = listener && read.pick(telemetry, listener.gatewayObject, (binding) => binding?.tracing);
  return tracing ? { tracing } : {};
}

type HttpChain = Extract<Chain, { readonly kind: "http" }>;

/** A chain for each server name; a listener's own name is there without a route, too, and closes what it gets. */
function tlsChains(listener: Listener, routes: Surroundings): Chain[] {
  const { key, hostname, termination } = listener;
  return serverNamesOf(hostname, attachmentsOf(listener, routes)).map(({ domain, attachment }) => ({
    kind: "tls",
    listeners: [key],
    serverNames: namesOf(domain),
    ...(termination && { tls: termination }),
    ...targetOf(attachment, listener, routes),
  }));
}

/**
 * A listener whose TLS is broken gets a chain that closes connections where a wider one would take them: clients that
 * its certificate or its client validation should have stopped must not be let in by another.
 */
function closingChain({ key, protocol, hostname }: Listener, serving: readonly Listener[]): Chain[] {
  const isCovered = serving.some((other) => isTlsProtocol(other.protocol) && isNarrower(hostname, other.hostname));
  return isTlsProtocol(protocol) && isCovered
    ? [{ kind: "tls", listeners: [key], serverNames: namesOf(hostname) }]
    : [];
}

const namesOf = (domain: string): string[] => (domain === ANY_HOSTNAME ? [] : [domain]);

const attachmentsOf = ({ key }: Listener, { byListener, read }: Surroundings): readonly Attachment[] =>
  read.by(byListener, key);

function targetOf(
  attachment: Attachment | undefined,
  { gateway, termination }: Listener,
  { streamBackends, read }: Surroundings,
): { readonly target?: StreamBackendKey } {
  if (attachment === undefined) return {};
  // Only whether it is there counts: what it sends where may change without the socket changing.
  const isThere = (key: StreamBackendKey): boolean =>
    read.pick(streamBackends, key, (backend) => backend !== undefined);
  const { route } = attachment;
  const [passthrough, target] = [streamBackendKey(route, gateway, true), streamBackendKey(route, gateway)];
  if (route.kind === "TLSRoute" && termination === undefined && isThere(passthrough)) return { target: passthrough };
  return isThere(target) ? { target } : {};
}
