/**
 * Destinations as Envoy's clusters. A sidecar asks for one when its workload first connects to an address (on-demand CDS), holds the
 * connection until it has come, and goes on as it says. So a proxy has what its workload uses, and nothing else of the cluster.
 *
 * Where routes speak for the address, the cluster leads back into the same proxy, to the frontend's listener, which came before it:
 * with the first connection, too, nothing is sent past a route. Later ones are handed to that listener at once.
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { Cluster } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { TransportSocketSchema } from "../../generated/envoy/config/core/v3/base_pb.ts";
import type { TransportSocket } from "../../generated/envoy/config/core/v3/base_pb.ts";
import {
  ProxyProtocolConfig_Version as Version,
  ProxyProtocolConfigSchema,
} from "../../generated/envoy/config/core/v3/proxy_protocol_pb.ts";
import { ProxyProtocolUpstreamTransportSchema } from "../../generated/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb.ts";
import { RawBufferSchema } from "../../generated/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.ts";
import {
  type AskedDestination,
  type Destination,
  type DestinationKey,
  destinationKey,
  type EndpointSetKey,
  formatBackend,
  havingIPv6,
  type StreamBackend,
  type StreamBackendKey,
} from "../../model/index.ts";
import { streamClusterRecord } from "../clusters/stream-cluster.ts";
import { objectMetadata } from "../object-metadata.ts";
import { type EnvoyRecord, recordOf } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { frontendListener } from "./frontend.ts";
import { MESH_SECRETS, mutualTlsTo } from "./mutual-tls.ts";
import { onwardCluster } from "./onward-cluster.ts";
import { AGAIN, DESTINATION_PREFIX } from "./outbound.ts";

/** The destination that a sidecar asks about, when it asks for a cluster of this name; undefined for other names. */
export function askedDestination(cluster: string): AskedDestination | undefined {
  if (!cluster.startsWith(DESTINATION_PREFIX)) return undefined;
  const [, address, port] = /^\[?([\da-fA-F.:]+?)\]?:(\d{1,5})$/.exec(cluster.slice(DESTINATION_PREFIX.length)) ?? [];
  if (address === undefined) return undefined;
  const key = destinationKey(address, Number(port));
  return clusterOf(key) === cluster ? { key, address, port: Number(port) } : undefined;
}

const clusterOf = (at: DestinationKey): string => `${DESTINATION_PREFIX}${at}`;

export interface StraightBackends {
  /** Undefined while it is not known: then nothing is made, and who asked waits. */
  readonly backend: (key: StreamBackendKey) => StreamBackend | undefined;
  readonly identitiesOf: (key: EndpointSetKey) => readonly string[];
}

export function destinationRecord(
  { at, callers, leads, ahead }: Destination,
  straight: StraightBackends,
  settings: EnvoySettings,
): EnvoyRecord | undefined {
  const common = {
    kind: "cluster",
    name: clusterOf(at),
    // Nobody else goes to an address of IPv6, nor has the frontend there.
    audience: at.startsWith("[") ? havingIPv6(callers) : callers,
    ...(ahead && { unasked: ahead }),
  } as const;
  switch (leads.to) {
    case "frontend": {
      const needs = [frontendListener(leads.service)];
      const origins = [formatBackend(leads.service)];
      return recordOf({ ...common, needs, origins }, ClusterSchema, againCluster(common.name));
    }
    case "service": {
      const backend = straight.backend(leads.backend);
      return backend && { ...streamClusterRecord(backend, straight.identitiesOf, settings, common.name), ...common };
    }
    case "workload": {
      const { identity, pod } = leads;
      const transportSocket = mutualTlsTo(identity, "bytes");
      const cluster = onwardCluster(common.name, {
        transportSocket,
        metadata: objectMetadata({ route: `Pod/${pod}` }),
      });
      return recordOf({ ...common, needs: MESH_SECRETS, origins: [`Pod/${pod}`] }, ClusterSchema, cluster);
    }
    case "elsewhere":
      return recordOf({ ...common, needs: [], origins: [] }, ClusterSchema, onwardCluster(common.name));
    case "nowhere":
      // No frontend takes it there.
      return recordOf({ ...common, needs: [], origins: [] }, ClusterSchema, againCluster(common.name));
  }
}

/** It says which address the connection was for, in front of it, by the PROXY protocol. */
const againCluster = (name: string): Cluster =>
  create(ClusterSchema, {
    name,
    transportSocket: withAddresses,
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: AGAIN } } }] }],
    },
  });

const withAddresses: TransportSocket = create(TransportSocketSchema, {
  name: "envoy.transport_sockets.upstream_proxy_protocol",
  configType: {
    case: "typedConfig",
    value: anyPack(
      ProxyProtocolUpstreamTransportSchema,
      create(ProxyProtocolUpstreamTransportSchema, {
        config: create(ProxyProtocolConfigSchema, { version: Version.V2 }),
        transportSocket: create(TransportSocketSchema, {
          name: "envoy.transport_sockets.raw_buffer",
          configType: { case: "typedConfig", value: anyPack(RawBufferSchema, create(RawBufferSchema)) },
        }),
      }),
    ),
  },
});
