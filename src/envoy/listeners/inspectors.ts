/** Listener filters: what is found out about a connection before a filter chain is chosen for it. */
import { create } from "@bufbuild/protobuf";
import type { DescMessage } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ListenerFilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { ListenerFilter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { HttpInspectorSchema } from "../../generated/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.ts";
import { OriginalDstSchema } from "../../generated/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.ts";
import { ProxyProtocolSchema } from "../../generated/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.ts";
import { TlsInspectorSchema } from "../../generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts";

/** Whether it is TLS, for which server name and protocols. */
export const tlsInspector: ListenerFilter = inspector("tls_inspector", TlsInspectorSchema);
/** Whether it is HTTP, and which version. */
export const httpInspector: ListenerFilter = inspector("http_inspector", HttpInspectorSchema);
/** Which addresses a connection had, as its first bytes say: from whoever may be believed. */
export const proxyProtocol: ListenerFilter = inspector("proxy_protocol", ProxyProtocolSchema);
/** Where the connection was going before the kernel redirected it. */
export const originalDestination: ListenerFilter = inspector("original_dst", OriginalDstSchema);

function inspector(name: string, schema: DescMessage): ListenerFilter {
  return create(ListenerFilterSchema, {
    name: `envoy.filters.listener.${name}`,
    configType: { case: "typedConfig", value: anyPack(schema, create(schema)) },
  });
}
