/** Names the object behind an Envoy resource in its metadata, from where the access log takes it. */
import { create } from "@bufbuild/protobuf";
import { MetadataSchema } from "../generated/envoy/config/core/v3/base_pb.ts";
import type { Metadata } from "../generated/envoy/config/core/v3/base_pb.ts";
import { METADATA_NAMESPACE } from "./http/filter-names.ts";

export const objectMetadata = (fields: Readonly<Record<string, string>>): Metadata =>
  create(MetadataSchema, { filterMetadata: { [METADATA_NAMESPACE]: fields } });
