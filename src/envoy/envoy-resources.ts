/**
 * The derivations from the model to Envoy resources: each model object gives its own record, and a change of one remakes
 * that one alone. Two read more: endpoints of stream backends the endpoint sets of their targets, and virtual hosts the
 * scheme of their listeners.
 *
 * A derivation throws ResourceTooLargeError for what could not be sent; the graph then keeps the last record that could,
 * and shows the error among its failures.
 */
import type { Collection, Graph, Group, Reader } from "../collections/index.ts";
import type {
  Access,
  Backend,
  Certificate,
  Chain,
  Destination,
  EndpointIdentities,
  EndpointSet,
  EndpointSetKey,
  Frontend,
  GatewayAccess,
  MeshTrust,
  Outbound,
  RouteTable,
  RouteTableKey,
  Socket,
  StreamBackend,
  StreamBackendKey,
  TrustBundle,
  VirtualHost,
  WorkloadCertificate,
  WorkloadSocket,
} from "../model/index.ts";
import { accessOfGateway } from "../model/index.ts";
import { clusterRecord } from "./clusters/cluster.ts";
import { streamClusterRecord } from "./clusters/stream-cluster.ts";
import { endpointsRecord } from "./endpoints/load-assignment.ts";
import { streamEndpointsRecord } from "./endpoints/stream-load-assignment.ts";
import { destinationRecord } from "./mesh/destination.ts";
import { frontendRecord } from "./mesh/frontend.ts";
import { outboundRecord } from "./mesh/outbound.ts";
import { protectedRecords, sidecarRecords } from "./mesh/sidecar.ts";
import { gatewayAccessRecords } from "./listeners/gateway-access.ts";
import { workloadSocketRecord } from "./mesh/workload-socket.ts";
import { listenerRecord } from "./listeners/listener.ts";
import { isSameRecord, recordKey } from "./record.ts";
import type { EnvoyRecord } from "./record.ts";
import { routeTableRecord } from "./route-table.ts";
import { defaultSettings } from "./settings.ts";
import type { EnvoySettings } from "./settings.ts";
import { certificateRecord, meshTrustRecord, trustBundleRecord, workloadCertificateRecord } from "./tls/secrets.ts";
import { virtualHostRecord } from "./virtual-host.ts";

/** The model, each collection keyed by the `key` of its objects. */
export interface EnvoyInputs {
  readonly sockets: Collection<Socket>;
  readonly routeTables: Collection<RouteTable>;
  readonly virtualHosts: Collection<VirtualHost>;
  readonly backends: Collection<Backend>;
  readonly endpointSets: Collection<EndpointSet>;
  readonly streamBackends: Collection<StreamBackend>;
  readonly certificates: Collection<Certificate>;
  readonly trustBundles: Collection<TrustBundle>;
  readonly frontends: Collection<Frontend>;
  readonly destinations: Collection<Destination>;
  readonly outbounds: Collection<Outbound>;
  /** Those that stand in the place of redirection. */
  readonly workloadSockets: Collection<WorkloadSocket>;
  readonly access: Collection<Access>;
  /** Of Gateways that policies are about. */
  readonly gatewayAccess: Collection<GatewayAccess>;
  readonly workloadCertificates: Collection<WorkloadCertificate>;
  /** Empty where there is no mesh: then no proxy is made one of it. */
  readonly meshTrust: Collection<MeshTrust>;
}

/** All resources of all proxies, keyed `<kind>/<name>`. Which proxy gets what: `proxies` of a record, or what needs it. */
export function envoyResources(
  graph: Graph,
  inputs: EnvoyInputs,
  settings: EnvoySettings = defaultSettings,
): Collection<EnvoyRecord> {
  const { endpointSets, streamBackends } = inputs;
  const recordsOf = <Input>(
    name: string,
    from: Collection<Input>,
    recordOf: (input: Input) => EnvoyRecord | undefined,
  ) => graph.derive<Input, EnvoyRecord>({ ...shape(name), from, map: (input) => listOf(recordOf(input)) });
  const streamEndpoints = graph.derive<StreamBackend, EnvoyRecord>({
    ...shape("StreamEndpoints"),
    from: streamBackends,
    reads: [endpointSets],
    map: (backend, read) => listOf(streamEndpointsRecord(backend, (key) => read.get(endpointSets, key))),
  });
  const identities = graph.derive<EndpointSet, EndpointIdentities>({
    name: "envoy/EndpointIdentities",
    key: ({ key }) => key,
    from: endpointSets,
    map: ({ key, endpoints }) => {
      const stated = new Set(endpoints.flatMap(({ identity }) => identity ?? []));
      return stated.size === 0 ? [] : [{ key, identities: [...stated].sort() }];
    },
  });
  const identitiesIn = (read: Reader) => (key: EndpointSetKey) => read.get(identities, key)?.identities ?? [];
  const clusters = graph.derive<Backend, EnvoyRecord>({
    ...shape("Clusters"),
    from: inputs.backends,
    reads: [identities],
    map: (backend, read) => [clusterRecord(backend, identitiesIn(read)(backend.endpoints), settings)],
  });
  const streamClusters = graph.derive<StreamBackend, EnvoyRecord>({
    ...shape("StreamClusters"),
    from: streamBackends,
    reads: [identities],
    map: (backend, read) => [streamClusterRecord(backend, identitiesIn(read), settings)],
  });
  const destinations = graph.derive<Destination, EnvoyRecord>({
    ...shape("Destinations"),
    from: inputs.destinations,
    reads: [streamBackends, identities],
    map: (destination, read) => {
      const straight = {
        backend: (key: StreamBackendKey) => read.get(streamBackends, key),
        identitiesOf: identitiesIn(read),
      };
      return listOf(destinationRecord(destination, straight, settings));
    },
  });
  // Without anybody to trust, they could let nobody in.
  const sidecars = graph.derive<MeshTrust, EnvoyRecord>({
    ...shape("Sidecars"),
    from: inputs.meshTrust,
    map: () => sidecarRecords(settings),
  });
  const access = graph.derive<Access, EnvoyRecord>({
    ...shape("Access"),
    from: inputs.access,
    map: (each) => protectedRecords(each, settings),
  });
  const gateways = graph.groups<Socket>({
    name: "envoy/SocketsOfGateways",
    of: inputs.sockets,
    by: ({ gateway, transport }) => (transport === "tcp" ? [accessOfGateway(gateway)] : []),
  });
  const gatewayAccess = graph.derive<Group<Socket>, EnvoyRecord>({
    ...shape("GatewayAccess"),
    from: gateways,
    reads: [inputs.gatewayAccess],
    map: ({ key }, read) => gatewayAccessRecords(key, read.get(inputs.gatewayAccess, key)),
  });
  const schemes = graph.derive<Socket, TableScheme>({
    name: "envoy/TableSchemes",
    key: ({ table }) => table,
    from: inputs.sockets,
    map: ({ chains }) => chains.flatMap((chain) => tableSchemeOf(chain)),
  });
  const virtualHosts = graph.derive<VirtualHost, EnvoyRecord>({
    ...shape("VirtualHosts"),
    from: inputs.virtualHosts,
    reads: [schemes],
    // A host without a socket is asked by nobody, so its scheme does not matter.
    map: (host, read) => [virtualHostRecord(host, read.get(schemes, host.table)?.scheme ?? "http")],
  });
  return graph.union({
    name: "envoy/Resources",
    of: [
      recordsOf("Listeners", inputs.sockets, (socket) => listenerRecord(socket, settings)),
      recordsOf("RouteTables", inputs.routeTables, routeTableRecord),
      virtualHosts,
      clusters,
      streamClusters,
      recordsOf("Endpoints", endpointSets, endpointsRecord),
      streamEndpoints,
      recordsOf("Certificates", inputs.certificates, certificateRecord),
      recordsOf("TrustBundles", inputs.trustBundles, trustBundleRecord),
      recordsOf("Outbounds", inputs.outbounds, (outbound) =>
        settings.redirection ? outboundRecord(outbound, settings) : undefined,
      ),
      recordsOf("Frontends", inputs.frontends, (frontend) =>
        settings.redirection ? frontendRecord(frontend, settings) : undefined,
      ),
      recordsOf("WorkloadSockets", inputs.workloadSockets, (socket) => workloadSocketRecord(socket, settings)),
      recordsOf("WorkloadCertificates", inputs.workloadCertificates, workloadCertificateRecord),
      recordsOf("MeshTrust", inputs.meshTrust, meshTrustRecord),
      destinations,
      sidecars,
      access,
      gatewayAccess,
    ],
  });
}

interface TableScheme {
  readonly table: RouteTableKey;
  readonly scheme: "http" | "https";
}

const tableSchemeOf = (chain: Chain): readonly TableScheme[] =>
  chain.kind === "http" || chain.kind === "https" ? [{ table: chain.table, scheme: chain.kind }] : [];

const shape = (name: string) => ({ name: `envoy/${name}`, key: recordKey, equals: isSameRecord });

const listOf = (record: EnvoyRecord | undefined): readonly EnvoyRecord[] => (record ? [record] : []);
