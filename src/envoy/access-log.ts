/**
 * Access logs: a line of JSON on the proxy's standard output for each request, connection or UDP session when it ends, in
 * the Gateway API's words. The listener is the filter chain's name, so that the format is the same for all of them; `route`
 * is `HTTPRoute/shop/cart#0/1` (rule 0, match 1) for requests, and `TCPRoute/data/db#0` for what has no matches.
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { AccessLogSchema } from "../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import type { AccessLog, AccessLogFilter } from "../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { SubstitutionFormatStringSchema } from "../generated/envoy/config/core/v3/substitution_format_string_pb.ts";
import { StdoutAccessLogSchema } from "../generated/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { AccessLogType as LogType } from "../generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import { METADATA_NAMESPACE } from "./http/filter-names.ts";
import { onlyAt } from "./metrics/stats-logger.ts";

type Fields = Readonly<Record<string, string>>;

const ends: Fields = {
  bytesReceived: "%BYTES_RECEIVED%",
  bytesSent: "%BYTES_SENT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  durationMs: "%DURATION%",
  endpoint: "%UPSTREAM_HOST%",
  failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  flags: "%RESPONSE_FLAGS_LONG%",
  listener: "%FILTER_CHAIN_NAME%",
  time: "%START_TIME%",
};

/** `path` is the request's as it was sent on, so after a rewrite. */
const httpFields: Fields = {
  ...ends,
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  // What policies about the backend that are only to be reported would have done.
  auditBackendAllow: "%DYNAMIC_METADATA(envoy.filters.http.rbac:backend_allow_shadow_engine_result)%",
  auditBackendDeny: "%DYNAMIC_METADATA(envoy.filters.http.rbac:backend_deny_shadow_engine_result)%",
  authority: "%REQ(:AUTHORITY)%",
  backend: `%METADATA(CLUSTER:${METADATA_NAMESPACE}:backend)%`,
  details: "%RESPONSE_CODE_DETAILS%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(:PATH)%",
  protocol: "%PROTOCOL%",
  requestId: "%REQ(X-REQUEST-ID)%",
  route: "%ROUTE_NAME%",
  status: "%RESPONSE_CODE%",
  userAgent: "%REQ(USER-AGENT)%",
};

/** One cluster serves all backends of a rule, so the endpoint says whose it is. */
const endpointBackend = `%METADATA(UPSTREAM_HOST:${METADATA_NAMESPACE}:backend)%`;
/** Of UDP sessions Envoy knows no cluster. */
const endpointRoute = `%METADATA(UPSTREAM_HOST:${METADATA_NAMESPACE}:route)%`;
const clusterRoute = `%METADATA(CLUSTER:${METADATA_NAMESPACE}:route)%`;

const streamFields: Fields = {
  ...ends,
  backend: endpointBackend,
  details: "%CONNECTION_TERMINATION_DETAILS%",
  protocol: "TCP",
  route: clusterRoute,
  serverName: "%REQUESTED_SERVER_NAME%",
  tlsFailure: "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
};

const datagramFields: Fields = {
  backend: endpointBackend,
  bytesReceived: "%BYTES_RECEIVED%",
  bytesSent: "%BYTES_SENT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  durationMs: "%DURATION%",
  endpoint: "%UPSTREAM_HOST%",
  protocol: "UDP",
  route: endpointRoute,
  time: "%START_TIME%",
};

/**
 * Of what comes to a workload of the mesh, or to a Gateway: who called, by the URI of the certificate that was shown, and what policies
 * that are only to be reported would have done.
 */
const callOf = (filter: "http" | "network"): Fields => ({
  auditAllow: `%DYNAMIC_METADATA(envoy.filters.${filter}.rbac:allow_shadow_engine_result)%`,
  auditDeny: `%DYNAMIC_METADATA(envoy.filters.${filter}.rbac:deny_shadow_engine_result)%`,
  caller: "%DOWNSTREAM_PEER_URI_SAN%",
});

/** A connection is told of once, when it is over. */
const whenOver = onlyAt(LogType.TcpConnectionEnd);

/** Of requests to a workload of the mesh, or to a Gateway. */
export const inboundHttpAccessLog: AccessLog = accessLogOf({ ...httpFields, ...callOf("http") });
/** Of connections to a workload of the mesh, or to a Gateway. */
export const inboundStreamAccessLog: AccessLog = accessLogOf({ ...streamFields, ...callOf("network") }, whenOver);
/** Of connections from outside the mesh that a workload takes none of. */
export const refusedOutsideAccessLog: AccessLog = accessLogOf(
  { ...streamFields, details: "refused_outside_mesh" },
  whenOver,
);
/** Of requests of a workload of the mesh. */
export const httpAccessLog: AccessLog = accessLogOf(httpFields);
/** Of TCP and TLS connections. */
export const streamAccessLog: AccessLog = accessLogOf(streamFields, whenOver);
/** Of connections that a workload of the mesh makes. */
export const outboundStreamAccessLog: AccessLog = accessLogOf(
  { ...streamFields, destination: "%DOWNSTREAM_LOCAL_ADDRESS%" },
  whenOver,
);
/** Of UDP sessions. */
export const datagramAccessLog: AccessLog = accessLogOf(datagramFields);

function accessLogOf(fields: Fields, filter?: AccessLogFilter): AccessLog {
  const logFormat = create(SubstitutionFormatStringSchema, {
    format: {
      case: "jsonFormat",
      value: Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  });
  // Not the file /dev/stdout: that cannot be opened when the standard output is a socket, as under Node.
  const config = create(StdoutAccessLogSchema, { accessLogFormat: { case: "logFormat", value: logFormat } });
  return create(AccessLogSchema, {
    name: "envoy.access_loggers.stdout",
    ...(filter && { filter }),
    configType: { case: "typedConfig", value: anyPack(StdoutAccessLogSchema, config) },
  });
}
