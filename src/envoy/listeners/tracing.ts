/**
 * Tracing of requests: spans of OpenTelemetry, one for each request and one for each try at a backend. A request that brings
 * a trace along (W3C Trace Context) is sampled as that says, unless the policy does not care; of the others a share is.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { TypedExtensionConfigSchema } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import type { TypedExtensionConfig } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import { HttpServiceSchema } from "../../generated/envoy/config/core/v3/http_service_pb.ts";
import { OpenTelemetryConfigSchema } from "../../generated/envoy/config/trace/v3/opentelemetry_pb.ts";
import { HttpConnectionManager_TracingSchema } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { HttpConnectionManager_Tracing } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { CustomTagSchema } from "../../generated/envoy/type/tracing/v3/custom_tag_pb.ts";
import type { CustomTag } from "../../generated/envoy/type/tracing/v3/custom_tag_pb.ts";
import { FractionalPercentSchema } from "../../generated/envoy/type/v3/percent_pb.ts";
import type { SpanTag, TracedAttribute, Tracing } from "../../model/index.ts";
import { seconds } from "../duration.ts";
import { grpcServiceOf } from "../grpc-service.ts";
import { partsPerMillion } from "../http/fraction.ts";

const EXPORT_SECONDS = 10;

export function tracingOf(tracing: Tracing): HttpConnectionManager_Tracing {
  const { serviceName, spanName, tags } = tracing;
  const config = create(OpenTelemetryConfigSchema, {
    ...serviceOf(tracing),
    serviceName,
    sampler: samplerOf(tracing),
  });
  return create(HttpConnectionManager_TracingSchema, {
    provider: {
      name: "envoy.tracers.opentelemetry",
      configType: { case: "typedConfig", value: anyPack(OpenTelemetryConfigSchema, config) },
    },
    // What clients ask for by x-client-trace-id counts like any other request.
    clientSampling: { value: 0 },
    randomSampling: { value: 100 },
    overallSampling: { value: 100 },
    customTags: tags.map(tagOf),
    spawnUpstreamSpan: true,
    ...(spanName !== undefined && { operation: spanName }),
  });
}

function serviceOf({
  backend,
  protocol,
  headers,
}: Tracing): Parameters<typeof create<typeof OpenTelemetryConfigSchema>>[1] {
  if (protocol === "grpc") {
    return { grpcService: grpcServiceOf(backend, seconds(EXPORT_SECONDS), headers) };
  }
  const httpService = create(HttpServiceSchema, {
    httpUri: {
      // Envoy connects to the cluster; the path is that of OTLP.
      uri: "http://collector/v1/traces",
      httpUpstreamType: { case: "cluster", value: backend },
      timeout: seconds(EXPORT_SECONDS),
    },
    requestHeadersToAdd: headers.map(({ name, value }) => ({ header: { key: name, value } })),
  });
  return { httpService };
}

/** Envoy's own rates decide before a parent is looked at, so that samplers decide here and the rates let everything through. */
function samplerOf({ sampling: { numerator, denominator }, ignoresParent }: Tracing): TypedExtensionConfig {
  const share = partsPerMillion(Math.round((1_000_000 * numerator) / denominator));
  const byRatio = sampler("trace_id_ratio_based", "TraceIdRatioBasedSamplerConfig", FractionalPercentSchema, share);
  return ignoresParent
    ? byRatio
    : sampler("parent_based", "ParentBasedSamplerConfig", TypedExtensionConfigSchema, byRatio);
}

/** Either message has one field, number 1, which is a message: that is all there is to encode. */
function sampler<Desc extends DescMessage>(
  name: string,
  type: string,
  schema: Desc,
  field: MessageShape<Desc>,
): TypedExtensionConfig {
  const value = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(toBinary(schema, field)).finish();
  const typeUrl = `type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.${type}`;
  return create(TypedExtensionConfigSchema, {
    name: `envoy.tracers.opentelemetry.samplers.${name}`,
    typedConfig: create(AnySchema, { typeUrl, value }),
  });
}

function tagOf({ name, source, value }: SpanTag): CustomTag {
  switch (source) {
    case "literal":
      return create(CustomTagSchema, { tag: name, type: { case: "literal", value: { value } } });
    case "header":
      return create(CustomTagSchema, { tag: name, type: { case: "requestHeader", value: { name: value } } });
    case "attribute":
      return create(CustomTagSchema, { tag: name, type: { case: "value", value: FORMATS[value as TracedAttribute] } });
  }
}

const FORMATS: Readonly<Record<TracedAttribute, string>> = {
  "client.address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  "http.request.method": "%REQ(:METHOD)%",
  "http.request.body.size": "%BYTES_RECEIVED%",
  "http.response.body.size": "%BYTES_SENT%",
  "http.response.status_code": "%RESPONSE_CODE%",
  "network.protocol.name": "%PROTOCOL%",
  "network.peer.address": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
  "server.address": "%REQ(:AUTHORITY)%",
  "url.path": "%PATH(NQ:ORIG_OR_PATH)%",
  "url.scheme": "%REQ(:SCHEME)%",
  "user_agent.original": "%REQ(USER-AGENT)%",
};
