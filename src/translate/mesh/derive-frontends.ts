/**
 * Frontends: the ports of Services that routes speak for, as callers in the mesh reach them, and where connections go that no route
 * speaks for: straight on to the Service's endpoints. A Service is looked at again when it, or a route that is attached to it, changes.
 *
 * Nothing is made for a port that no proxy is to know, so that neither the control plane nor they pay for what nobody uses.
 */
import type { Collection, Graph, Reader } from "../../collections/index.ts";
import {
  ALL_SIDECARS,
  type AskedDestination,
  type BackendPolicy,
  type Chain,
  destinationKey,
  endpointSetKey,
  type Frontend,
  frontendKey,
  isMesh,
  MESH,
  type NamespacedName,
  type RouteTable,
  sidecarsOf,
  type StreamBackend,
  type StreamBackendKey,
} from "../../model/index.ts";
import { compareText, type Service, type ServicePort } from "../../resources/index.ts";
import type { Attachment } from "../attachment.ts";
import { type BackendPolicyBinding, backendPolicyFor } from "../backend-policies/backend-policy-bindings.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import { isSticky, keptToClients } from "../backends/client-affinity.ts";
import { protocolOfAppProtocol } from "../backends/service-protocol.ts";
import { serverNamesOf } from "../sockets/server-names.ts";
import { ANY_HOSTNAME } from "../hostname.ts";
import { streamBackendKey } from "../stream/stream-rules.ts";
import { compareRoutes } from "../virtual-hosts/precedence.ts";
import { addressesOf, tcpPortsOf } from "./bind-to-service.ts";
import { callersOf } from "./mesh-routes.ts";

export interface FrontendSources {
  readonly services: Collection<Service>;
  readonly attachments: Collection<Attachment>;
  readonly streamBackends: Collection<StreamBackend>;
  readonly wanted: Collection<AskedDestination>;
}

export interface Frontends {
  readonly frontends: Collection<Frontend>;
  readonly routeTables: Collection<RouteTable>;
}

/** Those who send straight on to a Service's own endpoints, as its policies ask for. */
export function deriveStraightUsers(
  graph: Graph,
  services: Collection<Service>,
  wanted: Collection<AskedDestination>,
  policies: Collection<BackendPolicyBinding>,
): Collection<BackendUser> {
  return graph.derive({
    name: "translate/MeshServices",
    key: (user: BackendUser) => user.key,
    from: services,
    reads: [wanted, policies],
    map: ({ metadata: { namespace, name }, spec }, read) => {
      const streamBackends = wantedPortsOf(spec, wanted, read).map(({ port, name: portName }) => {
        const policy = backendPolicyFor(read, policies, "Service", { namespace, name, port: portName });
        return straightBackend({ namespace, name }, port, isSticky(spec, policy) ? keptToClients(policy) : policy);
      });
      if (streamBackends.length === 0) return [];
      const key = `mesh|Service/${namespace}/${name}`;
      return [{ key, gateway: MESH, isStated: false as const, backends: [], streamBackends, bundles: [], targets: [] }];
    },
  });
}

export function deriveFrontends(graph: Graph, sources: FrontendSources): Frontends {
  const { services, attachments, streamBackends, wanted } = sources;
  const byPort = graph.index(attachments, "by port of a Service", ({ listener, gateway }) =>
    isMesh(gateway) ? [portToken(listener)] : [],
  );
  const frontends = graph.derive({
    name: "translate/Frontends",
    key: (frontend: Frontend) => frontend.key,
    from: services,
    reads: [wanted, attachments, streamBackends],
    map: (service, read) => {
      const has = (key: StreamBackendKey): boolean => read.pick(streamBackends, key, (found) => found !== undefined);
      return wantedPortsOf(service.spec, wanted, read).flatMap((port) =>
        frontendsOf(service, port, read.by(byPort, frontendKey(service.metadata, port.port)), has),
      );
    },
  });
  return {
    frontends,
    routeTables: graph.derive({
      name: "translate/TablesOfFrontends",
      key: (table: RouteTable) => table.key,
      from: frontends,
      map: ({ callers, port, chains }) =>
        chains.flatMap((chain) => (chain.kind === "http" ? [{ key: chain.table, proxy: callers, port }] : [])),
    }),
  };
}

/** The ports of a Service that are wanted by whichever of its addresses. */
const wantedPortsOf = (spec: Service["spec"], wanted: Collection<AskedDestination>, read: Reader): ServicePort[] =>
  tcpPortsOf(spec).filter(({ port }) =>
    addressesOf(spec).some((address) => read.get(wanted, destinationKey(address, port)) !== undefined),
  );

/** Frontends of one port for different callers have this in common. */
const portToken = (listener: string): string => listener.replace(/@.*$/, "");

/** One for all callers where routes speak to all, and one for each namespace that has routes of its own. */
function frontendsOf(
  { metadata: { namespace, name }, spec }: Service,
  port: ServicePort,
  attachments: readonly Attachment[],
  has: (key: StreamBackendKey) => boolean,
): Frontend[] {
  const addresses = addressesOf(spec);
  const service = { namespace, name };
  const views = new Set(attachments.map(({ route }) => callersOf(route.namespace, namespace)));
  return [...views].map((callers) => {
    const key = frontendKey(service, port.port, callers);
    const attached = attachments.filter(({ listener }) => listener === key);
    return {
      key,
      callers: callers === undefined ? ALL_SIDECARS : sidecarsOf(callers),
      service: { kind: "Service", ...service, port: port.port },
      addresses,
      port: port.port,
      chains: chainsOf({ service, port, attached, has }),
    };
  });
}

interface Port {
  readonly service: NamespacedName;
  readonly port: ServicePort;
  readonly attached: readonly Attachment[];
  readonly has: (key: StreamBackendKey) => boolean;
}

/**
 * HTTP routes have the HTTP of a port; what else comes on a port that does not say that it is HTTP goes straight on. TLS and TCP
 * routes have all of it.
 */
function chainsOf({ service, port, attached, has }: Port): Chain[] {
  const listener = frontendKey(service, port.port);
  const straight: Chain = { kind: "tcp", listeners: [listener], target: straightKey(service, port.port) };
  const http = attached.find(({ table }) => table !== undefined);
  if (http?.table !== undefined) {
    const chain: Chain = { kind: "http", listeners: [http.listener], table: http.table };
    return protocolOfAppProtocol(port.appProtocol)?.http === undefined ? [chain, straight] : [chain];
  }
  const sorted = [...attached].sort((a, b) => compareRoutes(a.route, b.route) || compareText(a.key, b.key));
  const [oldest] = sorted;
  const targetOf = ({ route }: Attachment): { readonly target?: StreamBackendKey } => {
    const [passthrough, target] = [streamBackendKey(route, MESH, true), streamBackendKey(route, MESH)];
    if (route.kind === "TLSRoute" && has(passthrough)) return { target: passthrough };
    return has(target) ? { target } : {};
  };
  if (oldest?.route.kind !== "TLSRoute")
    return [{ kind: "tcp", listeners: [listener], ...(oldest && targetOf(oldest)) }];
  return serverNamesOf(ANY_HOSTNAME, sorted).map(({ domain, attachment }) => ({
    kind: "tls",
    listeners: [listener],
    serverNames: domain === ANY_HOSTNAME ? [] : [domain],
    ...(attachment && targetOf(attachment)),
  }));
}

/** Of a port of a Service that no route speaks for. */
export const straightKey = (service: NamespacedName, port: number): StreamBackendKey =>
  `${frontendKey(service, port)}/tcp` as StreamBackendKey;

function straightBackend(service: NamespacedName, port: number, policy: BackendPolicy | undefined): StreamBackend {
  const origin = { kind: "Service", ...service, port } as const;
  return {
    key: straightKey(service, port),
    origin,
    protocol: "tcp",
    targets: [{ weight: 1, endpoints: endpointSetKey(origin, port), origin }],
    ...(policy && { policy }),
  };
}
