/**
 * Requests and connections, counted by who called whom. A caller's proxy knows its own workload, the Service, and the workload behind the
 * endpoint that it chose; the proxy beside a workload knows who calls by its certificate, and that of callers outside the mesh nobody
 * knows anything. Both know what became of it. Paths, hosts, methods, addresses and pods are in none of the labels.
 */
import type { AccessLog } from "../../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { AccessLogType as LogType } from "../../generated/envoy/data/accesslog/v3/accesslog_pb.ts";
import { trafficMetrics as names } from "../../model/index.ts";
import { calledWorkload, CALLER_IDENTITY, ofBackend, ofEndpoint, ownWorkload } from "../call-formats.ts";
import { type Labels, statsLogger } from "./stats-logger.ts";

/** On which end of a call a proxy stands. */
export type Reporter = "source" | "destination";

const source: Labels = {
  reporter: "source",
  source_namespace: ownWorkload.namespace,
  source_workload: ownWorkload.workload,
  source_identity: ownWorkload.identity,
  destination_workload: calledWorkload.workload,
  destination_identity: calledWorkload.identity,
  tls: "%UPSTREAM_TLS_VERSION%",
};

const destination: Labels = {
  reporter: "destination",
  source_identity: CALLER_IDENTITY,
  destination_namespace: ownWorkload.namespace,
  destination_workload: ownWorkload.workload,
  destination_identity: ownWorkload.identity,
  tls: "%DOWNSTREAM_TLS_VERSION%",
};

/** One cluster serves one backend of requests; of connections, it may serve several. */
const serviceOf = (known: (field: string) => string): Labels => ({
  destination_namespace: known("namespace"),
  destination_service: known("service"),
});

const ofRequests: Readonly<Record<Reporter, Labels>> = {
  source: { ...source, ...serviceOf(ofBackend) },
  destination,
};
const ofConnections: Readonly<Record<Reporter, Labels>> = {
  source: { ...source, ...serviceOf(ofEndpoint) },
  destination,
};

const requestMetrics = (labels: Labels): AccessLog =>
  statsLogger([
    {
      kind: "once",
      name: names.requests,
      // Of the status, the first digit; "xx" where there was no answer.
      labels: { ...labels, response_class: "%RESP(:STATUS):1%xx", grpc_status: "%GRPC_STATUS(SNAKE_STRING)%" },
    },
    { kind: "milliseconds", name: names.requestDuration, amount: "%DURATION%", labels },
    { kind: "amount", name: names.requestBytes, amount: "%BYTES_RECEIVED%", labels },
    { kind: "amount", name: names.responseBytes, amount: "%BYTES_SENT%", labels },
  ]);

const connectionMetrics = (labels: Labels): readonly AccessLog[] => [
  statsLogger([{ kind: "once", name: names.connectionsOpened, labels }], LogType.TcpUpstreamConnected),
  statsLogger(
    [
      { kind: "once", name: names.connectionsClosed, labels: { ...labels, flags: "%RESPONSE_FLAGS%" } },
      { kind: "amount", name: names.receivedBytes, amount: "%BYTES_RECEIVED%", labels },
      { kind: "amount", name: names.sentBytes, amount: "%BYTES_SENT%", labels },
    ],
    LogType.TcpConnectionEnd,
  ),
];

/** Counts UDP sessions when they are over. Nobody proves an identity by datagrams, and sidecars take none. */
export const datagramMetrics: AccessLog = statsLogger([
  { kind: "once", name: names.sessions, labels: ofConnections.source },
  { kind: "amount", name: names.sessionReceivedBytes, amount: "%BYTES_RECEIVED%", labels: ofConnections.source },
  { kind: "amount", name: names.sessionSentBytes, amount: "%BYTES_SENT%", labels: ofConnections.source },
]);

/** Counts requests, and how long each took. */
export const requestMetricsOf: Readonly<Record<Reporter, AccessLog>> = {
  source: requestMetrics(ofRequests.source),
  destination: requestMetrics(ofRequests.destination),
};

/** Counts connections of which no more is known than their bytes. */
export const connectionMetricsOf: Readonly<Record<Reporter, readonly AccessLog[]>> = {
  source: connectionMetrics(ofConnections.source),
  destination: connectionMetrics(ofConnections.destination),
};
