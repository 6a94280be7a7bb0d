/** Names the object behind an Envoy resource in its metadata, from where the access log and metrics take it. */
import { create } from "@bufbuild/protobuf";
import { MetadataSchema } from "../generated/envoy/config/core/v3/base_pb.ts";
import type { Metadata } from "../generated/envoy/config/core/v3/base_pb.ts";
import type { BackendOrigin } from "../model/index.ts";
import { METADATA_NAMESPACE } from "./http/filter-names.ts";

/** Whom a proxy calls there, as its metrics say it. */
export const serviceFields = ({ namespace, name }: BackendOrigin): Readonly<Record<string, string>> => ({
  namespace,
  service: name,
});

export const objectMetadata = (fields: Readonly<Record<string, string>>): Metadata =>
  create(MetadataSchema, { filterMetadata: { [METADATA_NAMESPACE]: fields } });
