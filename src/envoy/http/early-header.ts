/** Headers that a connection manager gives every request before a route is looked for. */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { HeaderMutationSchema as MutationSchema } from "../../generated/envoy/config/common/mutation_rules/v3/mutation_rules_pb.ts";
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  HeaderValueOptionSchema,
} from "../../generated/envoy/config/core/v3/base_pb.ts";
import { TypedExtensionConfigSchema } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import type { TypedExtensionConfig } from "../../generated/envoy/config/core/v3/extension_pb.ts";
import { HeaderMutationSchema } from "../../generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";

/** `format`: the value, in Envoy's format strings. What a client sends under the name is overwritten. */
export function earlyHeader(key: string, format: string): TypedExtensionConfig {
  const append = create(HeaderValueOptionSchema, {
    header: { key, value: format },
    appendAction: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  });
  const mutations = [create(MutationSchema, { action: { case: "append", value: append } })];
  return create(TypedExtensionConfigSchema, {
    name: "envoy.http.early_header_mutation.header_mutation",
    typedConfig: anyPack(HeaderMutationSchema, create(HeaderMutationSchema, { mutations })),
  });
}
