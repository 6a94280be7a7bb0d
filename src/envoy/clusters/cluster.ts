/** A backend of HTTP routes as Envoy's cluster: how to talk to it. Where it is comes by endpoint discovery. */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Cluster_LbPolicy as LbPolicy, ClusterSchema } from "../../generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  Http1ProtocolOptionsSchema,
  Http2ProtocolOptionsSchema,
} from "../../generated/envoy/config/core/v3/protocol_pb.ts";
import type { Http2ProtocolOptions } from "../../generated/envoy/config/core/v3/protocol_pb.ts";
import {
  HttpProtocolOptions_AutoHttpConfigSchema,
  HttpProtocolOptions_ExplicitHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from "../../generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import type {
  HttpProtocolOptions,
  HttpProtocolOptions_ExplicitHttpConfig,
} from "../../generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { formatBackend } from "../../model/index.ts";
import type { Backend, ConnectionSettings, Http2Settings } from "../../model/index.ts";
import { durationOf } from "../http/duration-of.ts";
import { objectMetadata, serviceFields } from "../object-metadata.ts";
import { recordOf } from "../record.ts";
import type { EnvoyRecord } from "../record.ts";
import type { EnvoySettings } from "../settings.ts";
import { clientTls, secretsOfClient } from "../tls/client-tls.ts";
import { MESH_SECRETS, mutualTlsMatches } from "../mesh/mutual-tls.ts";
import { endpointsByName } from "./connection-policy.ts";
import { balancedBy } from "./load-balancing.ts";

/**
 * An idle HTTP/1.1 connection is closed before the server may close it under a request, which would fail then: Node.js,
 * uvicorn and Apache wait 5 s, others longer. What it costs is a handshake after a pause.
 */
export const HTTP1_IDLE_SECONDS = 4;
/** HTTP/2 servers announce that they close (GOAWAY), so connections may wait; yet not for ever, to follow endpoints. */
const HTTP2_IDLE_SECONDS = 300;

type Protocol = Backend["protocol"];

/** `identities` are those of endpoints that are in the mesh; TLS that a policy asks for comes before the mesh's. */
export function clusterRecord(backend: Backend, identities: readonly string[], settings: EnvoySettings): EnvoyRecord {
  const { key, origin, endpoints, tls, policy } = backend;
  const accepted = tls ? [] : identities;
  const protocol = protocolOf(backend);
  const cluster = create(ClusterSchema, {
    ...endpointsByName(endpoints, backend, { origin, protocol, serverName: tls?.hostname }),
    name: key,
    // Two endpoints are drawn, the one with fewer requests is taken: even, and slow endpoints get less.
    ...(policy?.loadBalancing ? balancedBy(policy.loadBalancing, settings) : { lbPolicy: LbPolicy.LEAST_REQUEST }),
    ...(tls && { transportSocket: clientTls(tls, alpnOf(protocol), settings) }),
    transportSocketMatches: mutualTlsMatches(accepted, protocol === "h2" ? "h2" : "http/1.1"),
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyPack(
        HttpProtocolOptionsSchema,
        optionsOf(protocol, policy?.connection),
      ),
    },
    metadata: objectMetadata({ backend: formatBackend(origin), ...serviceFields(origin) }),
  });
  return recordOf(
    {
      kind: "cluster",
      name: key,
      needs: [
        { kind: "endpoints", name: endpoints },
        ...(tls ? secretsOfClient(tls) : []),
        ...(accepted.length > 0 ? MESH_SECRETS : []),
      ],
      ...(policy?.healthCheck && { awaits: "warm" as const }),
      origins: [formatBackend(origin)],
    },
    ClusterSchema,
    cluster,
  );
}

/** Without TLS there is nothing to negotiate with. */
const protocolOf = ({ protocol, tls }: Backend): Protocol => (protocol === "auto" && !tls ? "http" : protocol);

function alpnOf(protocol: Protocol): readonly string[] {
  switch (protocol) {
    case "http":
      return ["http/1.1"];
    case "h2":
      return ["h2"];
    case "auto":
      return ["h2", "http/1.1"];
  }
}

function optionsOf(protocol: Protocol, settings: ConnectionSettings = {}): HttpProtocolOptions {
  const { idleTimeoutMs, maxDurationMs, maxRequests, http2 } = settings;
  const idleSeconds = protocol === "h2" ? HTTP2_IDLE_SECONDS : HTTP1_IDLE_SECONDS;
  return create(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: {
      idleTimeout: durationOf(idleTimeoutMs ?? idleSeconds * 1000),
      ...(maxDurationMs !== undefined && { maxConnectionDuration: durationOf(maxDurationMs) }),
      ...(maxRequests !== undefined && { maxRequestsPerConnection: maxRequests }),
    },
    upstreamProtocolOptions: upstreamOf(protocol, http2),
  });
}

function http2OptionsOf(settings: Http2Settings = {}): Http2ProtocolOptions {
  const { keepalive, initialStreamWindowBytes, initialConnectionWindowBytes, maxConcurrentStreams } = settings;
  return create(Http2ProtocolOptionsSchema, {
    ...(maxConcurrentStreams !== undefined && { maxConcurrentStreams }),
    ...(initialStreamWindowBytes !== undefined && { initialStreamWindowSize: initialStreamWindowBytes }),
    ...(initialConnectionWindowBytes !== undefined && { initialConnectionWindowSize: initialConnectionWindowBytes }),
    ...(keepalive && {
      connectionKeepalive: { interval: durationOf(keepalive.intervalMs), timeout: durationOf(keepalive.timeoutMs) },
    }),
  });
}

function upstreamOf(protocol: Protocol, http2?: Http2Settings): HttpProtocolOptions["upstreamProtocolOptions"] {
  const httpProtocolOptions = create(Http1ProtocolOptionsSchema);
  const http2ProtocolOptions = http2OptionsOf(http2);
  switch (protocol) {
    case "http":
      return explicitly({ case: "httpProtocolOptions", value: httpProtocolOptions });
    case "h2":
      return explicitly({ case: "http2ProtocolOptions", value: http2ProtocolOptions });
    case "auto":
      return {
        case: "autoConfig",
        value: create(HttpProtocolOptions_AutoHttpConfigSchema, { httpProtocolOptions, http2ProtocolOptions }),
      };
  }
}

function explicitly(
  protocolConfig: HttpProtocolOptions_ExplicitHttpConfig["protocolConfig"],
): HttpProtocolOptions["upstreamProtocolOptions"] {
  const value = create(HttpProtocolOptions_ExplicitHttpConfigSchema, { protocolConfig });
  return { case: "explicitHttpConfig", value };
}
