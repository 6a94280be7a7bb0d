/**
 * A network filter that says something about a connection to those after it, as soon as the connection is there.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/well_known_filter_state
 */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { SubstitutionFormatStringSchema } from "../../generated/envoy/config/core/v3/substitution_format_string_pb.ts";
import { FilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { FilterStateValueSchema } from "../../generated/envoy/extensions/filters/common/set_filter_state/v3/value_pb.ts";
import { ConfigSchema } from "../../generated/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.ts";

/** `format`: the value, as a format of the access log. `factoryKey`: what it is, where Envoy does not know by the key. */
export function filterStateFilter(objectKey: string, format: string, factoryKey = ""): Filter {
  const value = create(FilterStateValueSchema, {
    key: { case: "objectKey", value: objectKey },
    factoryKey,
    value: {
      case: "formatString",
      value: create(SubstitutionFormatStringSchema, {
        format: { case: "textFormatSource", value: { specifier: { case: "inlineString", value: format } } },
      }),
    },
  });
  return create(FilterSchema, {
    name: "envoy.filters.network.set_filter_state",
    configType: {
      case: "typedConfig",
      value: anyPack(ConfigSchema, create(ConfigSchema, { onNewConnection: [value] })),
    },
  });
}
