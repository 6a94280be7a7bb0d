/**
 * The HTTP connection manager of a listener: everything about requests that no route decides. It names its route table and
 * nothing that routes may change, so it stays equal while routes come and go and no connection drains for them.
 */
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { HeaderMutationRulesSchema } from "../../generated/envoy/config/common/mutation_rules/v3/mutation_rules_pb.ts";
import { FilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { CorsSchema } from "../../generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { ExtAuthzSchema } from "../../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import { RouterSchema } from "../../generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { StatefulSessionSchema } from "../../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import {
  HttpConnectionManager_PathWithEscapedSlashesAction as EscapedSlashes,
  HttpConnectionManager_ServerHeaderTransformation as ServerHeader,
  HttpConnectionManagerSchema,
} from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { HttpFilter } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { type Chain, isSpread, type NamespacedName, type RouteTableKey } from "../../model/index.ts";
import { ownIdentity } from "../access/own-identity.ts";
import { gatewayHttpAccessLog, httpAccessLog } from "../access-log.ts";
import { overTheStream } from "../discovery.ts";
import { seconds } from "../duration.ts";
import { backendAccessFilters } from "../http/backend-access.ts";
import {
  BACKEND_EXTERNAL_AUTH_FILTER,
  CORS_FILTER,
  EXTERNAL_AUTH_FILTER,
  guardFilter,
  ROUTER_FILTER,
  SESSION_FILTER,
} from "../http/filter-names.ts";
import { routePathMutation } from "../http/route-path-header.ts";
import { requestMetricsOf } from "../metrics/traffic.ts";
import { routePartMutation, scopedRoutes } from "../route-scope.ts";
import type { EnvoySettings } from "../settings.ts";
import { type Entrance, httpFiltersOf } from "./gateway-access.ts";
import { httpFilter } from "./http-filter.ts";
import { tracingOptions } from "./tracing.ts";

type Options = MessageInitShape<typeof HttpConnectionManagerSchema>;

/** A stream on which nothing moves: long enough for WebSockets and watches that ping rarely, yet the dead ones go. */
export const STREAM_IDLE_SECONDS = 3600;
/** From the first byte of a request to the end of its header: bounds clients that send it by drops (Slowloris). */
const REQUEST_HEADER_SECONDS = 60;
const KIB = 1024;

/**
 * What requests look like to routes and backends.
 *
 * - Dot segments are resolved before routing, so that `/public/../admin` is `/admin` for routes and backend alike. Slashes
 *   are not merged, since the Gateway API compares paths as they are; and an escaped slash is not a slash (RFC 3986,
 *   section 2.2), so `%2F` goes through unchanged, as many APIs need. A backend that decodes it before it decides who may
 *   do what must do so for its own sake.
 * - The port is part of the host that backends see; route tables ignore it. A trailing dot is dropped.
 * - The peer is the client: what it says in X-Forwarded-For is kept and its address is appended, X-Forwarded-Proto is set,
 *   and its x-envoy-* headers, which would steer the proxy, are removed. A request id of its own is kept.
 * - Underscores in header names are valid (RFC 9110, section 5.6.2) and allowed.
 */
const requests = {
  normalizePath: true,
  mergeSlashes: false,
  pathWithEscapedSlashesAction: EscapedSlashes.KEEP_UNCHANGED,
  stripTrailingHostDot: true,
  useRemoteAddress: true,
  internalAddressConfig: {},
  generateRequestId: true,
  preserveExternalRequestId: true,
  serverHeaderTransformation: ServerHeader.PASS_THROUGH,
  httpProtocolOptions: { acceptHttp10: true },
  upgradeConfigs: [{ upgradeType: "websocket" }],
} satisfies Options;

/**
 * Bounds. Requests have no timeout of their own unless their route has one. For HTTP/2: twice the streams that RFC 9113
 * recommends as the least, and windows that carry 8 MB/s at 120 ms while one connection can pin no more than 4 MiB
 * (Envoy's defaults are meant for trusted peers). A bad message ends its stream, not its connection.
 */
const bounds = {
  streamIdleTimeout: seconds(STREAM_IDLE_SECONDS),
  requestHeadersTimeout: seconds(REQUEST_HEADER_SECONDS),
  http2ProtocolOptions: {
    maxConcurrentStreams: 200,
    initialStreamWindowSize: KIB * KIB,
    initialConnectionWindowSize: 4 * KIB * KIB,
    overrideStreamErrorOnInvalidHttpMessage: true,
  },
} satisfies Options;

/**
 * In the mesh, the proxy beside a workload takes the requests of that workload: what it says is passed on as it is, and nothing
 * is added that says who the client is.
 */
const requestsOfWorkload = {
  ...requests,
  stripTrailingHostDot: false,
  useRemoteAddress: false,
  skipXffAppend: true,
} satisfies Options;

/** Of a Gateway, or the proxy's own workload. */
export type Callers = { readonly kind: Entrance; readonly gateway: NamespacedName } | { readonly kind: "workload" };

type HttpChain = Extract<Chain, { readonly kind: "http" | "https" }>;

/** The filters of an `http` or `https` chain. */
export const httpFilters = (chain: HttpChain, settings: EnvoySettings, callers: Callers): Filter[] => [
  ownIdentity,
  httpConnectionManager(chain, settings, callers),
];

/** The kind is the prefix of its statistics, one for all listeners. */
function httpConnectionManager(chain: HttpChain, settings: EnvoySettings, callers: Callers): Filter {
  const { kind, table, requestFilters = 0, tracing } = chain;
  const config = create(HttpConnectionManagerSchema, {
    ...(callers.kind === "workload" ? requestsOfWorkload : requests),
    ...bounds,
    statPrefix: kind,
    ...routesOf(table),
    // Who may not come in at all is asked nothing further.
    httpFilters: [
      ...(callers.kind === "workload" ? [] : httpFiltersOf(chain, callers.gateway, callers.kind)),
      ...guardFilters(requestFilters),
      ...constantFilters,
    ],
    ...tracingOptions(tracing, callers.kind === "workload" ? "caller" : "gateway"),
    accessLog: [
      ...(callers.kind === "workload" ? httpAccessLog : gatewayHttpAccessLog)[settings.accessLog],
      ...(settings.trafficMetrics ? [requestMetricsOf.source] : []),
      ...(settings.trafficMetrics && callers.kind === "members" ? [requestMetricsOf.destination] : []),
    ],
  });
  return create(FilterSchema, {
    name: "envoy.filters.network.http_connection_manager",
    configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, config) },
  });
}

/** Where it looks for routes, and the headers by which these are found. */
function routesOf(table: RouteTableKey): Pick<Options, "routeSpecifier" | "earlyHeaderMutationExtensions"> {
  return isSpread(table)
    ? {
        routeSpecifier: { case: "scopedRoutes", value: scopedRoutes },
        earlyHeaderMutationExtensions: [routePathMutation, routePartMutation(table)],
      }
    : {
        routeSpecifier: { case: "rds", value: { routeConfigName: table, configSource: overTheStream } },
        earlyHeaderMutationExtensions: [routePathMutation],
      };
}

/**
 * The constant chain (see http/filter-names.ts). The authorisation service named here is never asked: the filter is
 * disabled, and a route that enables it names its own; were one to forget, the cluster does not exist and the request is refused.
 */
const constantFilters: readonly HttpFilter[] = [
  httpFilter(CORS_FILTER, CorsSchema, {}, "disabled"),
  httpFilter(EXTERNAL_AUTH_FILTER, ExtAuthzSchema, unsetAuthorization(), "disabled"),
  httpFilter(BACKEND_EXTERNAL_AUTH_FILTER, ExtAuthzSchema, unsetAuthorization(), "disabled"),
  ...backendAccessFilters,
  httpFilter(SESSION_FILTER, StatefulSessionSchema, {}, "disabled"),
  httpFilter(ROUTER_FILTER, RouterSchema, { suppressEnvoyHeaders: true }, "enabled"),
];

/**
 * What runs before routing, as many as a listener of the chain states. A host names the services, and what those add to a
 * request decides about its route; so the route is looked for again. They may change neither the host, which has decided
 * for the listener, nor the path, which the matching tree has read already.
 */
const guardFilters = (count: number): HttpFilter[] =>
  Array.from({ length: count }, (_, position) =>
    httpFilter(
      guardFilter(position),
      ExtAuthzSchema,
      {
        ...unsetAuthorization(),
        clearRouteCache: true,
        decoderHeaderMutationRules: create(HeaderMutationRulesSchema, { disallowSystem: true }),
      },
      "disabled",
    ),
  );

function unsetAuthorization(): MessageInitShape<typeof ExtAuthzSchema> {
  const cluster = "no authorization service";
  const serverUri = { uri: "http://unset", httpUpstreamType: { case: "cluster", value: cluster }, timeout: seconds(1) };
  return { services: { case: "httpService", value: { serverUri } } } as MessageInitShape<typeof ExtAuthzSchema>;
}
