/**
 * The derivations from the model to Envoy resources: each model object gives its own records, and a change of one remakes
 * those alone. Some read more: clusters the identities behind their endpoints, endpoints of stream backends the endpoint sets of
 * their targets, virtual hosts the scheme of their listeners, and the filters of a Gateway its policies; mesh/mesh-resources.ts
 * has those of the mesh.
 *
 * A derivation throws ResourceTooLargeError for what could not be sent; the graph then keeps the last record that could,
 * and shows the error among its failures.
 */
import type { Collection, Graph, Group } from "../collections/index.ts";
import type {
  Backend,
  Certificate,
  Chain,
  EndpointSet,
  GatewayAccess,
  RouteTable,
  RouteTableKey,
  Socket,
  StreamBackend,
  TrustBundle,
  VirtualHost,
} from "../model/index.ts";
import { accessOfGateway, partsOf } from "../model/index.ts";
import { clusterRecord } from "./clusters/cluster.ts";
import { deriveIdentities, type Identities } from "./clusters/endpoint-identities.ts";
import { streamClusterRecord } from "./clusters/stream-cluster.ts";
import { deriveRecords, listOf, shape } from "./derive-records.ts";
import { endpointsRecord } from "./endpoints/load-assignment.ts";
import { streamEndpointsRecord } from "./endpoints/stream-load-assignment.ts";
import { gatewayAccessRecords, takesMembers } from "./listeners/gateway-access.ts";
import { listenerRecord } from "./listeners/listener.ts";
import { deriveMeshResources, type MeshInputs } from "./mesh/mesh-resources.ts";
import type { EnvoyRecord } from "./record.ts";
import { routeScopeRecord } from "./route-scope.ts";
import { routeTableRecord } from "./route-table.ts";
import { defaultSettings } from "./settings.ts";
import type { EnvoySettings } from "./settings.ts";
import { certificateRecord, trustBundleRecord } from "./tls/secrets.ts";
import { virtualHostRecord } from "./virtual-host.ts";

/** The model, each collection keyed by the `key` of its objects. */
export interface EnvoyInputs extends MeshInputs {
  readonly sockets: Collection<Socket>;
  readonly routeTables: Collection<RouteTable>;
  readonly virtualHosts: Collection<VirtualHost>;
  readonly backends: Collection<Backend>;
  readonly endpointSets: Collection<EndpointSet>;
  readonly certificates: Collection<Certificate>;
  readonly trustBundles: Collection<TrustBundle>;
  /** Of Gateways that policies are about. */
  readonly gatewayAccess: Collection<GatewayAccess>;
}

/** All resources of all proxies, keyed `<kind>/<name>`. Which proxy gets what: `proxies` of a record, or what needs it. */
export function envoyResources(
  graph: Graph,
  inputs: EnvoyInputs,
  settings: EnvoySettings = defaultSettings,
): Collection<EnvoyRecord> {
  const identities = deriveIdentities(graph, inputs.endpointSets);
  return graph.union({
    name: "envoy/Resources",
    of: [
      deriveRecords(graph, "Listeners", inputs.sockets, (socket) => listenerRecord(socket, settings)),
      deriveRecords(graph, "RouteTables", inputs.routeTables, routeTableRecord),
      deriveRecords(graph, "RouteScopes", inputs.routeTables, routeScopeRecord),
      deriveVirtualHosts(graph, inputs),
      ...deriveBackends(graph, inputs, identities, settings),
      deriveRecords(graph, "Certificates", inputs.certificates, certificateRecord),
      deriveRecords(graph, "TrustBundles", inputs.trustBundles, trustBundleRecord),
      deriveGatewayAccess(graph, inputs),
      ...deriveMeshResources(graph, inputs, identities, { ...settings, accessLog: settings.sidecarAccessLog }),
    ],
  });
}

/** Clusters, and their endpoints. */
function deriveBackends(
  graph: Graph,
  { backends, streamBackends, endpointSets }: Pick<EnvoyInputs, "backends" | "streamBackends" | "endpointSets">,
  identities: Identities,
  settings: EnvoySettings,
): readonly Collection<EnvoyRecord>[] {
  const reads = [identities.all];
  return [
    graph.derive<Backend, EnvoyRecord>({
      ...shape("Clusters"),
      from: backends,
      reads,
      map: (backend, read) => [clusterRecord(backend, identities.in(read)(backend.endpoints), settings)],
    }),
    graph.derive<StreamBackend, EnvoyRecord>({
      ...shape("StreamClusters"),
      from: streamBackends,
      reads,
      map: (backend, read) => [streamClusterRecord(backend, identities.in(read), settings)],
    }),
    deriveRecords(graph, "Endpoints", endpointSets, endpointsRecord),
    graph.derive<StreamBackend, EnvoyRecord>({
      ...shape("StreamEndpoints"),
      from: streamBackends,
      reads: [endpointSets],
      map: (backend, read) => listOf(streamEndpointsRecord(backend, (key) => read.get(endpointSets, key))),
    }),
  ];
}

/** Each Gateway that takes connections has its filters, whatever policies there are. */
function deriveGatewayAccess(
  graph: Graph,
  { sockets, gatewayAccess }: Pick<EnvoyInputs, "sockets" | "gatewayAccess">,
): Collection<EnvoyRecord> {
  const gateways = graph.groups<Socket>({
    name: "envoy/SocketsOfGateways",
    of: sockets,
    by: ({ gateway, transport }) => (transport === "tcp" ? [accessOfGateway(gateway)] : []),
  });
  return graph.derive<Group<Socket>, EnvoyRecord>({
    ...shape("GatewayAccess"),
    from: gateways,
    reads: [gatewayAccess],
    map: ({ key, members }, read) => {
      const hasMembers = members.some(({ chains }) => chains.some(takesMembers));
      return gatewayAccessRecords(key, read.get(gatewayAccess, key), hasMembers);
    },
  });
}

interface TableScheme {
  readonly table: RouteTableKey;
  readonly scheme: "http" | "https";
}

function deriveVirtualHosts(
  graph: Graph,
  { sockets, virtualHosts }: Pick<EnvoyInputs, "sockets" | "virtualHosts">,
): Collection<EnvoyRecord> {
  const schemes = graph.derive<Socket, TableScheme>({
    name: "envoy/TableSchemes",
    key: ({ table }) => table,
    from: sockets,
    map: ({ chains }) => chains.flatMap((chain) => tableSchemeOf(chain)),
  });
  return graph.derive<VirtualHost, EnvoyRecord>({
    ...shape("VirtualHosts"),
    from: virtualHosts,
    reads: [schemes],
    // A host without a socket is asked by nobody, so its scheme does not matter.
    map: (host, read) => [virtualHostRecord(host, read.get(schemes, host.table)?.scheme ?? "http")],
  });
}

const tableSchemeOf = (chain: Chain): readonly TableScheme[] =>
  chain.kind === "http" || chain.kind === "https"
    ? partsOf(chain.table).map((table) => ({ table, scheme: chain.kind }))
    : [];
