/**
 * Frontends: the ports of Services as callers in the mesh reach them, and where connections go that no route speaks for: straight
 * on to the Service's endpoints. A Service is looked at again when it, or a route that is attached to it, changes.
 *
 * Nothing is made while nobody is in the mesh, so that a cluster that does without pays nothing for it.
 */
import type { Collection, Graph, Index, Reader } from "../../collections/index.ts";
import {
  ALL_SIDECARS,
  type BackendPolicy,
  type Chain,
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
import { protocolOfAppProtocol } from "../backends/service-protocol.ts";
import type { Inputs, MeshMember } from "../inputs.ts";
import type { TranslateSettings } from "../settings.ts";
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
  readonly members: Collection<MeshMember>;
  readonly mesh: TranslateSettings["mesh"];
}

export interface Frontends {
  readonly frontends: Collection<Frontend>;
  readonly routeTables: Collection<RouteTable>;
}

/** Those who send straight on to a Service's own endpoints, as its policies ask for; none where there is no mesh. */
export function deriveStraightUsers(
  graph: Graph,
  { services, meshMembers: members }: Pick<Inputs, "services" | "meshMembers">,
  policies: Collection<BackendPolicyBinding>,
  mesh: TranslateSettings["mesh"],
): readonly Collection<BackendUser>[] {
  if (mesh === undefined) return [];
  const anybody = indexAnybody(graph, members);
  const users = graph.derive({
    name: "translate/MeshServices",
    key: (user: BackendUser) => user.key,
    from: services,
    reads: [members, policies],
    map: ({ metadata, spec }, read) => {
      if (!isMeshUsed(anybody, read) || addressesOf(spec).length === 0) return [];
      const { namespace, name } = metadata;
      const streamBackends = tcpPortsOf(spec).map(({ port, name: portName }) =>
        straightBackend(
          { namespace, name },
          port,
          backendPolicyFor(read, policies, "Service", { namespace, name, port: portName }),
        ),
      );
      const key = `mesh|Service/${namespace}/${name}`;
      return [{ key, gateway: MESH, isStated: false as const, backends: [], streamBackends, bundles: [], targets: [] }];
    },
  });
  return [users];
}

export function deriveFrontends(graph: Graph, sources: FrontendSources): Frontends {
  const { services, attachments, streamBackends, members, mesh } = sources;
  if (mesh === undefined)
    return {
      frontends: graph.union<Frontend>({ name: "translate/NoFrontends", of: [] }),
      routeTables: graph.union<RouteTable>({ name: "translate/NoTablesOfFrontends", of: [] }),
    };
  const anybody = indexAnybody(graph, members);
  const byPort = graph.index(attachments, "by port of a Service", ({ listener, gateway }) =>
    isMesh(gateway) ? [portToken(listener)] : [],
  );
  const frontends = graph.derive({
    name: "translate/Frontends",
    key: (frontend: Frontend) => frontend.key,
    from: services,
    reads: [members, attachments, streamBackends],
    map: (service, read) => {
      if (!isMeshUsed(anybody, read)) return [];
      const has = (key: StreamBackendKey): boolean => read.pick(streamBackends, key, (found) => found !== undefined);
      return tcpPortsOf(service.spec).flatMap((port) =>
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

const indexAnybody = (graph: Graph, members: Collection<MeshMember>): Index<MeshMember> =>
  graph.index(members, "anybody", () => ["anybody"]);

const isMeshUsed = (anybody: Index<MeshMember>, read: Reader): boolean => read.count(anybody, "anybody") > 0;

/** Frontends of one port for different callers have this in common. */
const portToken = (listener: string): string => listener.replace(/@.*$/, "");

/** One for all callers, and one for each namespace that has routes of its own. */
function frontendsOf(
  { metadata: { namespace, name }, spec }: Service,
  port: ServicePort,
  attachments: readonly Attachment[],
  has: (key: StreamBackendKey) => boolean,
): Frontend[] {
  const addresses = addressesOf(spec);
  if (addresses.length === 0) return [];
  const service = { namespace, name };
  const views = new Set([undefined, ...attachments.map(({ route }) => callersOf(route.namespace, namespace))]);
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
  if (attached.length === 0) return [straight];
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

const straightKey = (service: NamespacedName, port: number): StreamBackendKey =>
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
