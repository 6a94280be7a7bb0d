/**
 * The filters of a sidecar that decide about access to its workload. What a workload of its own has no policies for has filters that
 * decide nothing.
 */
import { create } from "@bufbuild/protobuf";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import {
  TcpProxySchema,
  UpstreamConnectMode,
} from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import {
  type Access,
  type AccessRules,
  ALL_SIDECARS,
  isClosedToOutside,
  type StreamBackendKey,
} from "../../model/index.ts";
import { accessFilterIds, accessFilterRecords, fetchedFilter, filterRecord } from "../access/access-filters.ts";
import { refusedOutsideAccessLog } from "../access-log.ts";
import { tcpProxyOf } from "../listeners/stream-filters.ts";
import type { EnvoyRecord, ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";

/** Of the names of all filters of the mesh. */
export const MESH_ACCESS = "mesh";
/** Enough for a first message; what more comes before the workload has been reached waits in the kernel. */
const EARLY_BYTES = 16_384;
/** What takes connections from outside the mesh to the workload, or closes them. */
const HANDOVER: ResourceId = { kind: "extension", name: "mesh/handover" };

export const ACCESS_FILTERS: readonly ResourceId[] = [
  ...(["http", "bytes"] as const).flatMap((subject) => accessFilterIds(MESH_ACCESS, subject)),
  HANDOVER,
];

export const handoverFilter: Filter = fetchedFilter(HANDOVER, TcpProxySchema);

/** Of workloads that no policy protects. */
export const openAccess: Access = { key: ALL_SIDECARS, enforced: { deny: [] }, origins: [] };

export function accessRecords(access: Access, workload: StreamBackendKey, settings: EnvoySettings): EnvoyRecord[] {
  const common = { audience: access.key, origins: access.origins };
  return [
    ...accessFilterRecords(MESH_ACCESS, access, common, { statPrefix: "mesh.", trust: "validated" }),
    filterRecord(HANDOVER, common, TcpProxySchema, create(TcpProxySchema, handoverOf(access, workload, settings))),
  ];
}

function handoverOf({ enforced }: Access, workload: StreamBackendKey, settings: EnvoySettings) {
  if (isClosedToOutside(enforced))
    return { ...tcpProxyOf("tcp", NOBODY, settings, "destination", refusedOutsideAccessLog), statPrefix: "outside" };
  return { ...tcpProxyOf("tcp", workload, settings, "destination"), ...modeOf(enforced) };
}

/** There is no such cluster: the connection is closed before anything of it is read, and counted as `downstream_cx_no_route`. */
const NOBODY = "mesh/nobody" as StreamBackendKey;

/**
 * Envoy decides about a connection at its first byte. A workload that is protected must not be reached before that, so that those from
 * outside the mesh, who say nothing of themselves, have to speak first. In the mesh, a server may.
 */
const modeOf = (enforced: AccessRules) =>
  isOpen(enforced)
    ? {}
    : { upstreamConnectMode: UpstreamConnectMode.ON_DOWNSTREAM_DATA, maxEarlyDataBytes: EARLY_BYTES };

const isOpen = ({ deny, allow }: AccessRules): boolean => deny.length === 0 && allow === undefined;
