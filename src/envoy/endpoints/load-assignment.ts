/** The endpoints of a Service port or XBackend as Envoy's load assignment, shared by all clusters that name the set. */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LbEndpointSchema } from "../../generated/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { ClusterLoadAssignmentSchema } from "../../generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { formatBackend } from "../../model/index.ts";
import type { EndpointSet } from "../../model/index.ts";
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
export function endpointsRecord({ key, origin, endpoints, unresolved }: EndpointSet): EnvoyRecord | undefined {
  if (unresolved) return undefined;
  return loadAssignment(
    key,
    endpoints.map(({ address, port, identity, workload }) => ({
      hostIdentifier: { case: "endpoint", value: { address: socketAddress("tcp", address, port) } },
      ...((identity !== undefined || workload !== undefined) && {
        metadata: {
          filterMetadata: {
            ...(identity !== undefined && { [TRANSPORT_SOCKET_METADATA]: mutualTlsMatch(identity) }),
            ...(workload !== undefined && { [METADATA_NAMESPACE]: { workload } }),
          },
        },
      }),
    })),
    [formatBackend(origin)],
  );
}

/** One locality without a name: priorities and zones are not used. */
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
