/**
 * Access logs: a line of JSON on the proxy's standard output for each request, connection or UDP session when it ends, in
 * the Gateway API's words. The listener is the filter chain's name, so that the format is the same for all of them; `route`
 * is `HTTPRoute/shop/cart#0/1` (rule 0, match 1) for requests, and `TCPRoute/data/db#0` for what has no matches. Who called whom is in
 * the words of the metrics (metrics/traffic.ts).
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  AccessLogFilterSchema,
  AccessLogSchema,
  ComparisonFilter_Op as Op,
} from "../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import type { AccessLog, AccessLogFilter } from "../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { SubstitutionFormatStringSchema } from "../generated/envoy/config/core/v3/substitution_format_string_pb.ts";
import { StdoutAccessLogSchema } from "../generated/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { AccessLogType as LogType } from "../generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import { calledWorkload, CALLER_IDENTITY, ofBackend, ofEndpoint, ownWorkload } from "./call-formats.ts";
import { onlyAt } from "./metrics/stats-logger.ts";
import type { AccessLogging } from "./settings.ts";

type Fields = Readonly<Record<string, string>>;

/** A logger, or none, by what is to be logged. */
export type AccessLogs = Readonly<Record<AccessLogging, readonly AccessLog[]>>;

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
  backend: ofBackend("backend"),
  details: "%RESPONSE_CODE_DETAILS%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(:PATH)%",
  protocol: "%PROTOCOL%",
  requestId: "%REQ(X-REQUEST-ID)%",
  route: "%ROUTE_NAME%",
  status: "%RESPONSE_CODE%",
  traceId: "%TRACE_ID%",
  userAgent: "%REQ(USER-AGENT)%",
};

/** One cluster serves all backends of a rule, so the endpoint says whose it is. */
const endpointBackend = ofEndpoint("backend");
/** Of UDP sessions Envoy knows no cluster. */
const endpointRoute = ofEndpoint("route");
const clusterRoute = ofBackend("route");

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

/** Who called, and what policies that are only to be reported would have done. */
const auditedBy = (filter: "http" | "network"): Fields => ({
  auditAllow: `%DYNAMIC_METADATA(envoy.filters.${filter}.rbac:allow_shadow_engine_result)%`,
  auditDeny: `%DYNAMIC_METADATA(envoy.filters.${filter}.rbac:deny_shadow_engine_result)%`,
  caller: CALLER_IDENTITY,
});

/** Whom a proxy called. */
const called: Fields = {
  destinationIdentity: calledWorkload.identity,
  destinationWorkload: calledWorkload.workload,
};

/** The calls of a workload, as its own proxy tells of them. */
const calling: Fields = {
  ...called,
  reporter: "source",
  sourceIdentity: ownWorkload.identity,
  sourceNamespace: ownWorkload.namespace,
  sourceWorkload: ownWorkload.workload,
};

/** The calls to a workload, as its own proxy tells of them. */
const beingCalled: Fields = {
  destinationIdentity: ownWorkload.identity,
  destinationNamespace: ownWorkload.namespace,
  destinationWorkload: ownWorkload.workload,
  reporter: "destination",
  sourceIdentity: CALLER_IDENTITY,
};

/** Whatever is answered with an error, the client's or the server's. */
const isRefusedOrBroken: AccessLogFilter = create(AccessLogFilterSchema, {
  filterSpecifier: {
    case: "statusCodeFilter",
    value: { comparison: { op: Op.GE, value: { defaultValue: 400, runtimeKey: "trilith.access_log.least_status" } } },
  },
});

/** Envoy itself has something to say about how it ended. */
const hasFlags: AccessLogFilter = create(AccessLogFilterSchema, {
  filterSpecifier: { case: "responseFlagFilter", value: {} },
});

const anyOf = (filters: AccessLogFilter[]): AccessLogFilter =>
  create(AccessLogFilterSchema, { filterSpecifier: { case: "orFilter", value: { filters } } });

const allOf = (filters: AccessLogFilter[]): AccessLogFilter =>
  create(AccessLogFilterSchema, { filterSpecifier: { case: "andFilter", value: { filters } } });

/** Of requests to a Gateway. */
export const gatewayHttpAccessLog: AccessLogs = ofRequests({ ...httpFields, ...auditedBy("http"), ...called });
/** Of connections to a Gateway. */
export const gatewayStreamAccessLog: AccessLogs = ofConnections({
  ...streamFields,
  ...auditedBy("network"),
  ...called,
});
/** Of UDP sessions. */
export const datagramAccessLog: AccessLog = accessLogOf(datagramFields);
/** Of requests of a workload of the mesh. */
export const httpAccessLog: AccessLogs = ofRequests({ ...httpFields, ...calling });
/** Of its connections by a frontend. */
export const streamAccessLog: AccessLogs = ofConnections({ ...streamFields, ...calling });
/** Of its connections, by the address that they were going to. */
export const outboundStreamAccessLog: AccessLogs = ofConnections({
  ...streamFields,
  ...calling,
  destination: "%DOWNSTREAM_LOCAL_ADDRESS%",
});
/** Of requests to a workload of the mesh. */
export const inboundHttpAccessLog: AccessLogs = ofRequests({ ...httpFields, ...auditedBy("http"), ...beingCalled });
/** Of connections to a workload of the mesh. */
export const inboundStreamAccessLog: AccessLogs = ofConnections({
  ...streamFields,
  ...auditedBy("network"),
  ...beingCalled,
});
/** Of connections from outside the mesh that a workload takes none of. */
export const refusedOutsideAccessLog: AccessLogs = ofConnections({
  ...streamFields,
  ...beingCalled,
  details: "refused_outside_mesh",
});

function ofRequests(fields: Fields): AccessLogs {
  return {
    all: [accessLogOf(fields)],
    failures: [accessLogOf(fields, anyOf([isRefusedOrBroken, hasFlags]))],
    none: [],
  };
}

/** A connection is told of once, when it is over. */
function ofConnections(fields: Fields): AccessLogs {
  const whenOver = onlyAt(LogType.TcpConnectionEnd);
  return {
    all: [accessLogOf(fields, whenOver)],
    failures: [accessLogOf(fields, allOf([whenOver, hasFlags]))],
    none: [],
  };
}

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
