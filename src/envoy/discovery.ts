/** Where Envoy gets what a resource refers to by name: always over the one aggregated stream that the resource itself came by. */
import { create } from "@bufbuild/protobuf";
import {
  AggregatedConfigSourceSchema,
  ApiVersion,
  ConfigSourceSchema,
} from "../generated/envoy/config/core/v3/config_source_pb.ts";
import type { ConfigSource } from "../generated/envoy/config/core/v3/config_source_pb.ts";

export const overTheStream: ConfigSource = create(ConfigSourceSchema, {
  resourceApiVersion: ApiVersion.V3,
  configSourceSpecifier: { case: "ads", value: create(AggregatedConfigSourceSchema) },
});
