/** The endpoints of a Service port or XBackend as Envoy's load assignment, shared by all clusters that name the set. */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LbEndpointSchema } from "../../generated/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { formatBackend } from "../../model/index.ts";
import type { Endpoint, EndpointSet } from "../../model/index.ts";
import { socketAddress } from "../address.ts";
import { TRANSPORT_SOCKET_METADATA } from "../clusters/target-tls.ts";
import { METADATA_NAMESPACE } from "../http/filter-names.ts";
import { mutualTlsMatch } from "../mesh/mutual-tls.ts";
import { recordOf } from "../record.ts";
import type { EnvoyRecord } from "../record.ts";

/**
 * Nothing while the set's name is being resolved for the first time: its clusters are not ready then, and what refers to
 * them waits, instead of answering 503. An empty set is an answer, and its requests get 503.
 */
export function endpointsRecord({ key, origin, endpoints, at = {}, unresolved }: EndpointSet): EnvoyRecord | undefined {
  if (unresolved) return undefined;
  const recordFor = (own: readonly Endpoint[]): EnvoyRecord =>
    loadAssignment(key, own.map(endpointOf), [formatBackend(origin)]);
  return withPlaces(
    recordFor(endpoints),
    Object.entries(at).map(([place, own]) => [place, recordFor(own)]),
  );
}

const endpointOf = ({ address, port, identity, workload }: Endpoint): MessageInitShape<typeof LbEndpointSchema> => ({
  hostIdentifier: { case: "endpoint", value: { address: socketAddress("tcp", address, port) } },
  ...((identity !== undefined || workload !== undefined) && {
    metadata: {
      filterMetadata: {
        ...(identity !== undefined && { [TRANSPORT_SOCKET_METADATA]: mutualTlsMatch(identity) }),
        ...(workload !== undefined && { [METADATA_NAMESPACE]: { workload } }),
      },
    },
  }),
});

/** The record, with what proxies at places have instead. */
export function withPlaces(record: EnvoyRecord, placed: readonly (readonly [string, EnvoyRecord])[]): EnvoyRecord {
  if (placed.length === 0) return record;
  const at = placed.map(([place, { version, bytes }]) => [place, { version, bytes }] as const);
  return { ...record, at: Object.fromEntries(at) };
}

/** One locality without a name: who is near is decided before, since Envoy's zones and priorities cannot keep a caller to its node. */
export function loadAssignment(
  name: string,
  lbEndpoints: MessageInitShape<typeof LbEndpointSchema>[],
  origins: readonly string[],
): EnvoyRecord {
  return recordOf(
    { kind: "endpoints", name, needs: [], origins },
    ClusterLoadAssignmentSchema,
    create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: [{ locality: {}, lbEndpoints }] }),
  );
}
