/**
 * Active health checks of a cluster. An endpoint is asked over the transport socket that requests to it have: TLS where the backend
 * has it, mutual TLS where the endpoint is in the mesh.
 */
import { create } from "@bufbuild/protobuf";
import { RequestMethod } from "../../generated/envoy/config/core/v3/base_pb.ts";
import {
  HealthCheck_GrpcHealthCheckSchema,
  HealthCheck_HttpHealthCheckSchema,
  HealthCheck_TcpHealthCheckSchema,
  HealthCheckSchema,
} from "../../generated/envoy/config/core/v3/health_check_pb.ts";
import type { HealthCheck as EnvoyHealthCheck } from "../../generated/envoy/config/core/v3/health_check_pb.ts";
import { CodecClientType } from "../../generated/envoy/type/v3/http_pb.ts";
import type { BackendOrigin, HealthCheck, HealthProbe } from "../../model/index.ts";
import { durationOf } from "../http/duration-of.ts";

/** How the cluster is spoken to. */
export interface CheckedBackend {
  readonly origin: Pick<BackendOrigin, "namespace" | "name">;
  /** `bytes`: what is inside of its connections is not known. */
  readonly protocol: "http" | "h2" | "auto" | "bytes";
  /** The name of its TLS. */
  readonly serverName?: string | undefined;
}

export function healthCheckOf(check: HealthCheck, backend: CheckedBackend): EnvoyHealthCheck {
  const { intervalMs, timeoutMs, healthyThreshold, unhealthyThreshold } = check;
  const probe = probeFor(check.probe, backend.protocol);
  // What negotiates would else be spoken another HTTP to than that of the check.
  const alpnProtocols = backend.protocol === "auto" ? { grpc: ["h2"], http: ["http/1.1"], tcp: [] }[probe.kind] : [];
  return create(HealthCheckSchema, {
    interval: durationOf(intervalMs),
    // Envoy's default is a minute, for a backend that was not called yet: so long would one wait that is called only when it is well. It
    // knows who was called by a statistic, and would not know it where that is not kept.
    noTrafficInterval: durationOf(intervalMs),
    timeout: durationOf(timeoutMs),
    healthyThreshold,
    unhealthyThreshold,
    healthChecker: checkerOf(probe, backend),
    ...(alpnProtocols.length > 0 && { tlsOptions: { alpnProtocols } }),
  });
}

/** gRPC needs HTTP/2, and Envoy refuses a cluster that would be asked by it without: then it is enough to take connections. */
const probeFor = (probe: HealthProbe, protocol: CheckedBackend["protocol"]): HealthProbe =>
  probe.kind === "grpc" && (protocol === "http" || protocol === "bytes") ? { kind: "tcp" } : probe;

function checkerOf(probe: HealthProbe, backend: CheckedBackend): EnvoyHealthCheck["healthChecker"] {
  switch (probe.kind) {
    case "http":
      return { case: "httpHealthCheck", value: httpCheckOf(probe, backend) };
    case "grpc":
      return {
        case: "grpcHealthCheck",
        value: create(HealthCheck_GrpcHealthCheckSchema, {
          serviceName: probe.service ?? "",
          authority: hostOf(backend),
        }),
      };
    case "tcp":
      return { case: "tcpHealthCheck", value: create(HealthCheck_TcpHealthCheckSchema) };
  }
}

type HttpProbe = Extract<HealthProbe, { kind: "http" }>;

const httpCheckOf = ({ path, host, method, statuses }: HttpProbe, backend: CheckedBackend) =>
  create(HealthCheck_HttpHealthCheckSchema, {
    path,
    host: host ?? hostOf(backend),
    method: method === "HEAD" ? RequestMethod.HEAD : RequestMethod.GET,
    codecClientType: backend.protocol === "h2" ? CodecClientType.HTTP2 : CodecClientType.HTTP1,
    expectedStatuses: statuses
      ? statuses.map((status) => ({ start: BigInt(status), end: BigInt(status + 1) }))
      : [{ start: 200n, end: 300n }],
  });

/** Envoy's own choice is the name of the cluster, which is no host. */
const hostOf = ({ origin, serverName }: CheckedBackend): string => serverName ?? `${origin.name}.${origin.namespace}`;
