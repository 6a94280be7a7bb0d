/**
 * Tracing of requests: spans of OpenTelemetry. A request that brings a trace along (W3C Trace Context) is sampled as that says, unless
 * the policy does not care; of the others a share is. The kind of a span comes from the proxy's place:
 *
 *   gateway  a server's span for each request, and a client's for each try at a backend
 *   caller   a client's span for each request of the workload
 *   callee   a server's span for each request to the workload
 *
 * The last two need listeners whose direction is stated: Envoy goes by it.
 */
import { create } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { TypedExtensionConfigSchema } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import type { TypedExtensionConfig } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import { HttpServiceSchema } from "../../generated/envoy/config/core/v3/http_service_pb.ts";
import { OpenTelemetryConfigSchema } from "../../generated/envoy/config/trace/v3/opentelemetry_pb.ts";
import {
  HttpConnectionManager_TracingSchema,
  type HttpConnectionManagerSchema,
  RequestIDExtensionSchema,
} from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { HttpConnectionManager_Tracing } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { UuidRequestIdConfigSchema } from "../../generated/envoy/extensions/request_id/uuid/v3/uuid_pb.ts";
import { EnvironmentResourceDetectorConfigSchema as EnvironmentSchema } from "../../generated/envoy/extensions/tracers/opentelemetry/resource_detectors/v3/environment_resource_detector_pb.ts";
import { StaticConfigResourceDetectorConfigSchema as StaticSchema } from "../../generated/envoy/extensions/tracers/opentelemetry/resource_detectors/v3/static_config_resource_detector_pb.ts";
import { ParentBasedSamplerConfigSchema as ByParentSchema } from "../../generated/envoy/extensions/tracers/opentelemetry/samplers/v3/parent_based_sampler_pb.ts";
import { TraceIdRatioBasedSamplerConfigSchema as ByRatioSchema } from "../../generated/envoy/extensions/tracers/opentelemetry/samplers/v3/trace_id_ratio_based_sampler_pb.ts";
import { CustomTagSchema } from "../../generated/envoy/type/tracing/v3/custom_tag_pb.ts";
import type { CustomTag } from "../../generated/envoy/type/tracing/v3/custom_tag_pb.ts";
import type { SpanTag, TracedAttribute, Tracing } from "../../model/index.ts";
import { seconds } from "../duration.ts";
import { grpcServiceOf } from "../grpc-service.ts";
import { partsPerMillion } from "../http/fraction.ts";

const EXPORT_SECONDS = 10;

/**
 * Of the requests that carry spans: they belong to a trace that nobody records, or a collector in the mesh would have its own proxy tell
 * of them, which is more to send, and so on.
 */
const UNRECORDED = { name: "traceparent", value: `00-${"e".repeat(32)}-${"e".repeat(16)}-00` };

export type TracingPlace = "gateway" | "caller" | "callee";

type TracingOptions = Pick<MessageInitShape<typeof HttpConnectionManagerSchema>, "tracing" | "requestIdExtension">;

/** Of an HTTP connection manager; without tracing, none. */
export const tracingOptions = (tracing: Tracing | undefined, place: TracingPlace): TracingOptions =>
  tracing ? { tracing: tracingOf(tracing, place), requestIdExtension: idsThatDecideNothing } : {};

/** Otherwise Envoy would sample no request whose id is not one of its own, and write into the others' ids what it has decided. */
const idsThatDecideNothing = create(RequestIDExtensionSchema, {
  typedConfig: anyPack(
    UuidRequestIdConfigSchema,
    create(UuidRequestIdConfigSchema, { packTraceReason: false, useRequestIdForTraceSampling: false }),
  ),
});

function tracingOf(tracing: Tracing, place: TracingPlace): HttpConnectionManager_Tracing {
  const { spanName = "%REQ(:METHOD)%", tags } = tracing;
  const config = create(OpenTelemetryConfigSchema, {
    ...serviceOf(tracing),
    resourceDetectors: detectorsOf(tracing),
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
    spawnUpstreamSpan: place === "gateway",
    operation: spanName,
  });
}

/** What says whose the spans are: the environment of the proxy; then, for the service, the policy, or who made it, which have the last word. */
const detectorsOf = ({ serviceName }: Tracing): TypedExtensionConfig[] => [
  fromEnvironment,
  ...(serviceName === undefined
    ? []
    : [extension("resource_detectors.static_config", StaticSchema, { attributes: { "service.name": serviceName } })]),
];

/** Reads OTEL_RESOURCE_ATTRIBUTES. */
const fromEnvironment = extension("resource_detectors.environment", EnvironmentSchema, {});

function serviceOf({ backend, protocol, headers }: Tracing): MessageInitShape<typeof OpenTelemetryConfigSchema> {
  const sent = [...headers.filter(({ name }) => name !== UNRECORDED.name), UNRECORDED];
  if (protocol === "grpc") return { grpcService: grpcServiceOf(backend, seconds(EXPORT_SECONDS), sent) };
  const httpService = create(HttpServiceSchema, {
    httpUri: {
      // Envoy connects to the cluster; the path is that of OTLP.
      uri: "http://collector/v1/traces",
      httpUpstreamType: { case: "cluster", value: backend },
      timeout: seconds(EXPORT_SECONDS),
    },
    requestHeadersToAdd: sent.map(({ name, value }) => ({ header: { key: name, value } })),
  });
  return { httpService };
}

/** Envoy's own rates decide before a parent is looked at, so that samplers decide here and the rates let everything through. */
function samplerOf({ sampling: { numerator, denominator }, ignoresParent }: Tracing): TypedExtensionConfig {
  const samplingPercentage = partsPerMillion(Math.round((1_000_000 * numerator) / denominator));
  const byRatio = extension("samplers.trace_id_ratio_based", ByRatioSchema, { samplingPercentage });
  return ignoresParent ? byRatio : extension("samplers.parent_based", ByParentSchema, { wrappedSampler: byRatio });
}

function extension<Desc extends DescMessage>(
  name: string,
  schema: Desc,
  config: MessageInitShape<Desc>,
): TypedExtensionConfig {
  return create(TypedExtensionConfigSchema, {
    name: `envoy.tracers.opentelemetry.${name}`,
    typedConfig: anyPack(schema, create(schema, config)),
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
