/**
 * The request header by which matching trees look up the path. Envoy's matchers see headers only, and `:path` carries the
 * query string and has no end, so every HTTP connection manager derives this one before routes are matched: the normalised
 * path without its query, closed by a slash. `/a` and `/a/b` then both begin with `/a/`, which `/ab` does not, and an exact
 * path is an exact key. What a client sends under this name is overwritten; route tables take it off again.
 *
 * See docs/decisions/route-matching.md.
 */
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

export const ROUTE_PATH_HEADER = "x-trilith-route-path";

/** Belongs into `early_header_mutation_extensions` of every HTTP connection manager; without it, large hosts match nothing. */
export const routePathMutation: TypedExtensionConfig = create(TypedExtensionConfigSchema, {
  name: "envoy.http.early_header_mutation.header_mutation",
  typedConfig: anyPack(
    HeaderMutationSchema,
    create(HeaderMutationSchema, {
      mutations: [
        create(MutationSchema, {
          action: {
            case: "append",
            value: create(HeaderValueOptionSchema, {
              header: { key: ROUTE_PATH_HEADER, value: "%PATH(NQ)%/" },
              appendAction: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
            }),
          },
        }),
      ],
    }),
  ),
});
