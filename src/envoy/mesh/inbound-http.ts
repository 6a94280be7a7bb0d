/**
 * HTTP that comes from other proxies of the mesh, on its way to the workload: nothing about it is changed. What the caller's proxy has to
 * know is said to it in a header of the answer: that the workload has not been reached, so that the request can be tried elsewhere.
 * Without that, the caller would see a connection that broke under its request, which nobody may try again.
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  AccessLogFilterSchema,
  ResponseFlagFilterSchema,
} from "../../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { HeaderValueOption_HeaderAppendAction as Append } from "../../generated/envoy/config/core/v3/base_pb.ts";
import { FilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import {
  RouteActionSchema,
  RouteMatchSchema,
  RouteSchema,
  VirtualHostSchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { RouteConfigurationSchema } from "../../generated/envoy/config/route/v3/route_pb.ts";
import { RouterSchema } from "../../generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import {
  HttpConnectionManager_CodecType as Codec,
  HttpConnectionManager_ServerHeaderTransformation as ServerHeader,
  HttpConnectionManagerSchema,
} from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { StreamBackendKey, Tracing } from "../../model/index.ts";
import { httpAccessFilters } from "../access/access-filters.ts";
import { inboundHttpAccessLog } from "../access-log.ts";
import { seconds } from "../duration.ts";
import { ROUTER_FILTER } from "../http/filter-names.ts";
import { UNREACHED_HEADER } from "../http/retry-policy.ts";
import { STREAM_IDLE_SECONDS } from "../listeners/http-connection-manager.ts";
import { httpFilter } from "../listeners/http-filter.ts";
import { tracingOptions } from "../listeners/tracing.ts";
import { requestMetricsOf } from "../metrics/traffic.ts";
import type { EnvoySettings } from "../settings.ts";
import { MESH_ACCESS } from "./access-filters.ts";

/** `version` is what the caller's proxy speaks, and so what the workload is spoken to with. */
export function inboundHttp(
  version: "http/1.1" | "h2",
  workload: StreamBackendKey,
  tracing: Tracing | undefined,
  settings: EnvoySettings,
): Filter {
  const config = create(HttpConnectionManagerSchema, {
    codecType: version === "h2" ? Codec.HTTP2 : Codec.HTTP1,
    statPrefix: "mesh",
    routeSpecifier: { case: "routeConfig", value: everythingTo(workload) },
    httpFilters: [
      ...httpAccessFilters(MESH_ACCESS),
      httpFilter(ROUTER_FILTER, RouterSchema, { suppressEnvoyHeaders: true }, "enabled"),
    ],
    upgradeConfigs: [{ upgradeType: "websocket" }],
    serverHeaderTransformation: ServerHeader.PASS_THROUGH,
    useRemoteAddress: false,
    skipXffAppend: true,
    generateRequestId: false,
    preserveExternalRequestId: true,
    streamIdleTimeout: seconds(STREAM_IDLE_SECONDS),
    localReplyConfig: { mappers: [unreached] },
    ...tracingOptions(tracing, "callee"),
    accessLog: [
      ...inboundHttpAccessLog[settings.accessLog],
      ...(settings.trafficMetrics ? [requestMetricsOf.destination] : []),
    ],
  });
  return create(FilterSchema, {
    name: "envoy.filters.network.http_connection_manager",
    configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, config) },
  });
}

/** The caller's proxy knows how long it waits. */
const everythingTo = (cluster: StreamBackendKey): ReturnType<typeof create<typeof RouteConfigurationSchema>> =>
  create(RouteConfigurationSchema, {
    name: "mesh",
    virtualHosts: [
      create(VirtualHostSchema, {
        name: "workload",
        domains: ["*"],
        routes: [
          create(RouteSchema, {
            match: create(RouteMatchSchema, { pathSpecifier: { case: "prefix", value: "/" } }),
            action: {
              case: "route",
              value: create(RouteActionSchema, {
                clusterSpecifier: { case: "cluster", value: cluster },
                timeout: seconds(0),
              }),
            },
          }),
        ],
      }),
    ],
  });

/** The workload took no connection: Envoy's response flag UF. */
const unreached = {
  filter: create(AccessLogFilterSchema, {
    filterSpecifier: { case: "responseFlagFilter", value: create(ResponseFlagFilterSchema, { flags: ["UF"] }) },
  }),
  headersToAdd: [{ header: { key: UNREACHED_HEADER, value: "true" }, appendAction: Append.OVERWRITE_IF_EXISTS_OR_ADD }],
};
