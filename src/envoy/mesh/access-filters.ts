/**
 * The filters of a sidecar that decide about access, each fetched by its name on the stream (ECDS): policies change without a
 * listener changing, and so without a connection being drained. What a workload of its own has no policies for has filters that
 * decide nothing, and before a filter has come, nothing gets through.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/extension
 */
import { create } from "@bufbuild/protobuf";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ExtensionConfigSourceSchema } from "../../generated/envoy/config/core/v3/config_source_pb.ts";
import { TypedExtensionConfigSchema } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import { FilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { RBACSchema as HttpRbacSchema } from "../../generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts";
import { HttpFilterSchema } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { HttpFilter } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { RBACSchema as NetworkRbacSchema } from "../../generated/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts";
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
import { inboundStreamAccessLog, refusedOutsideAccessLog } from "../access-log.ts";
import { overTheStream } from "../discovery.ts";
import { tcpProxyOf } from "../listeners/stream-filters.ts";
import { type EnvoyRecord, recordOf, type ResourceId } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { type AccessAction, type AccessSubject, rbacOf } from "./access-rules.ts";

/** Denials come first: what is allowed is asked of what is left. */
const ACTIONS: readonly AccessAction[] = ["deny", "allow"];
/** Enough for a first message; what more comes before the workload has been reached waits in the kernel. */
const EARLY_BYTES = 16_384;

const filterId = (subject: AccessSubject, action: AccessAction): ResourceId => ({
  kind: "extension",
  name: `mesh/${action}/${subject}`,
});
/** What takes connections from outside the mesh to the workload, or closes them. */
const HANDOVER: ResourceId = { kind: "extension", name: "mesh/handover" };

export const ACCESS_FILTERS: readonly ResourceId[] = [
  ...(["http", "bytes"] as const).flatMap((subject) => ACTIONS.map((action) => filterId(subject, action))),
  HANDOVER,
];

/** Ahead of the router. */
export const httpAccessFilters: readonly HttpFilter[] = ACTIONS.map((action) =>
  create(HttpFilterSchema, {
    name: filterId("http", action).name,
    configType: { case: "configDiscovery", value: fetchedAs(HttpRbacSchema) },
  }),
);

/** Ahead of what carries bytes on. */
export const networkAccessFilters: readonly Filter[] = ACTIONS.map((action) =>
  fetched(filterId("bytes", action), NetworkRbacSchema),
);

export const handoverFilter: Filter = fetched(HANDOVER, TcpProxySchema);

function fetched({ name }: ResourceId, schema: DescMessage): Filter {
  return create(FilterSchema, { name, configType: { case: "configDiscovery", value: fetchedAs(schema) } });
}

function fetchedAs({ typeName }: DescMessage): ReturnType<typeof create<typeof ExtensionConfigSourceSchema>> {
  return create(ExtensionConfigSourceSchema, {
    configSource: overTheStream,
    typeUrls: [`type.googleapis.com/${typeName}`],
  });
}

/** Of workloads that no policy protects. */
export const openAccess: Access = { key: ALL_SIDECARS, enforced: { deny: [] }, origins: [] };

export function accessRecords(access: Access, workload: StreamBackendKey, settings: EnvoySettings): EnvoyRecord[] {
  const record = <Desc extends DescMessage>(id: ResourceId, schema: Desc, config: MessageShape<Desc>): EnvoyRecord =>
    recordOf(
      { ...id, needs: [], audience: access.key, origins: access.origins },
      TypedExtensionConfigSchema,
      create(TypedExtensionConfigSchema, { name: id.name, typedConfig: anyPack(schema, config) }),
    );
  return [
    ...ACTIONS.flatMap((action) => [
      record(filterId("http", action), HttpRbacSchema, create(HttpRbacSchema, decisionsOf(access, action, "http"))),
      record(
        filterId("bytes", action),
        NetworkRbacSchema,
        create(NetworkRbacSchema, { statPrefix: "mesh.", ...decisionsOf(access, action, "bytes") }),
      ),
    ]),
    record(HANDOVER, TcpProxySchema, create(TcpProxySchema, handoverOf(access, workload, settings))),
  ];
}

function decisionsOf({ enforced, audited }: Access, action: AccessAction, subject: AccessSubject) {
  const [rules, shadowRules] = [enforced, audited].map((each) => each && rbacOf(each[action], action, subject));
  return {
    ...(rules && { rules }),
    // The filters for both actions write what they would have done to the same place.
    ...(shadowRules && { shadowRules, shadowRulesStatPrefix: `${action}_` }),
  };
}

function handoverOf({ enforced }: Access, workload: StreamBackendKey, settings: EnvoySettings) {
  if (isClosedToOutside(enforced))
    return { ...tcpProxyOf("tcp", NOBODY, settings, refusedOutsideAccessLog), statPrefix: "outside" };
  return { ...tcpProxyOf("tcp", workload, settings, inboundStreamAccessLog), ...modeOf(enforced) };
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
