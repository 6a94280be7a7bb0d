/** The messages that Envoy resources carry inside Any, so that they can be shown. */
import { createRegistry, type Registry } from "@bufbuild/protobuf";
import { file_envoy_config_accesslog_v3_accesslog } from "../generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import { file_envoy_config_cluster_v3_cluster } from "../generated/envoy/config/cluster/v3/cluster_pb.ts";
import { file_envoy_config_common_mutation_rules_v3_mutation_rules } from "../generated/envoy/config/common/mutation_rules/v3/mutation_rules_pb.ts";
import { file_envoy_config_core_v3_address } from "../generated/envoy/config/core/v3/address_pb.ts";
import { file_envoy_config_core_v3_base } from "../generated/envoy/config/core/v3/base_pb.ts";
import { file_envoy_config_core_v3_config_source } from "../generated/envoy/config/core/v3/config_source_pb.ts";
import { file_envoy_config_core_v3_extension } from "../generated/envoy/config/core/v3/extension_pb.ts";
import { file_envoy_config_core_v3_grpc_service } from "../generated/envoy/config/core/v3/grpc_service_pb.ts";
import { file_envoy_config_core_v3_http_uri } from "../generated/envoy/config/core/v3/http_uri_pb.ts";
import { file_envoy_config_core_v3_protocol } from "../generated/envoy/config/core/v3/protocol_pb.ts";
import { file_envoy_config_core_v3_socket_option } from "../generated/envoy/config/core/v3/socket_option_pb.ts";
import { file_envoy_config_core_v3_substitution_format_string } from "../generated/envoy/config/core/v3/substitution_format_string_pb.ts";
import { file_envoy_config_endpoint_v3_endpoint } from "../generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { file_envoy_config_listener_v3_listener } from "../generated/envoy/config/listener/v3/listener_pb.ts";
import { file_envoy_config_listener_v3_listener_components } from "../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { file_envoy_config_route_v3_route } from "../generated/envoy/config/route/v3/route_pb.ts";
import { file_envoy_config_route_v3_route_components } from "../generated/envoy/config/route/v3/route_components_pb.ts";
import { file_envoy_config_trace_v3_opentelemetry } from "../generated/envoy/config/trace/v3/opentelemetry_pb.ts";
import { file_envoy_extensions_access_loggers_stats_v3_stats } from "../generated/envoy/extensions/access_loggers/stats/v3/stats_pb.ts";
import { file_envoy_extensions_access_loggers_stream_v3_stream } from "../generated/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { file_envoy_extensions_filters_common_set_filter_state_v3_value } from "../generated/envoy/extensions/filters/common/set_filter_state/v3/value_pb.ts";
import { file_envoy_extensions_filters_http_cors_v3_cors } from "../generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { file_envoy_extensions_filters_http_ext_authz_v3_ext_authz } from "../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import { file_envoy_extensions_filters_http_rbac_v3_rbac } from "../generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts";
import { file_envoy_extensions_filters_http_router_v3_router } from "../generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { file_envoy_extensions_filters_http_stateful_session_v3_stateful_session } from "../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector } from "../generated/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.ts";
import { file_envoy_extensions_filters_listener_original_dst_v3_original_dst } from "../generated/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.ts";
import { file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol } from "../generated/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.ts";
import { file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector } from "../generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts";
import { file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager } from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { file_envoy_extensions_filters_network_rbac_v3_rbac } from "../generated/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts";
import { file_envoy_extensions_filters_network_set_filter_state_v3_set_filter_state } from "../generated/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.ts";
import { file_envoy_extensions_filters_network_tcp_proxy_v3_tcp_proxy } from "../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { file_envoy_extensions_filters_udp_udp_proxy_v3_route } from "../generated/envoy/extensions/filters/udp/udp_proxy/v3/route_pb.ts";
import { file_envoy_extensions_filters_udp_udp_proxy_v3_udp_proxy } from "../generated/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.ts";
import { file_envoy_extensions_http_early_header_mutation_header_mutation_v3_header_mutation } from "../generated/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts";
import { file_envoy_extensions_http_stateful_session_cookie_v3_cookie } from "../generated/envoy/extensions/http/stateful_session/cookie/v3/cookie_pb.ts";
import { file_envoy_extensions_http_stateful_session_header_v3_header } from "../generated/envoy/extensions/http/stateful_session/header/v3/header_pb.ts";
import { file_envoy_extensions_load_balancing_policies_common_v3_common } from "../generated/envoy/extensions/load_balancing_policies/common/v3/common_pb.ts";
import { file_envoy_extensions_load_balancing_policies_ring_hash_v3_ring_hash } from "../generated/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash_pb.ts";
import { file_envoy_extensions_request_id_uuid_v3_uuid } from "../generated/envoy/extensions/request_id/uuid/v3/uuid_pb.ts";
import { file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts } from "../generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { file_envoy_extensions_tracers_opentelemetry_resource_detectors_v3_environment_resource_detector } from "../generated/envoy/extensions/tracers/opentelemetry/resource_detectors/v3/environment_resource_detector_pb.ts";
import { file_envoy_extensions_tracers_opentelemetry_resource_detectors_v3_static_config_resource_detector } from "../generated/envoy/extensions/tracers/opentelemetry/resource_detectors/v3/static_config_resource_detector_pb.ts";
import { file_envoy_extensions_tracers_opentelemetry_samplers_v3_parent_based_sampler } from "../generated/envoy/extensions/tracers/opentelemetry/samplers/v3/parent_based_sampler_pb.ts";
import { file_envoy_extensions_tracers_opentelemetry_samplers_v3_trace_id_ratio_based_sampler } from "../generated/envoy/extensions/tracers/opentelemetry/samplers/v3/trace_id_ratio_based_sampler_pb.ts";
import { file_envoy_extensions_transport_sockets_proxy_protocol_v3_upstream_proxy_protocol } from "../generated/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb.ts";
import { file_envoy_extensions_transport_sockets_raw_buffer_v3_raw_buffer } from "../generated/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.ts";
import { file_envoy_extensions_transport_sockets_tls_v3_common } from "../generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import { file_envoy_extensions_transport_sockets_tls_v3_secret } from "../generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { file_envoy_extensions_transport_sockets_tls_v3_tls } from "../generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { file_envoy_extensions_upstreams_http_v3_http_protocol_options } from "../generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { file_envoy_type_http_v3_cookie } from "../generated/envoy/type/http/v3/cookie_pb.ts";
import { file_envoy_type_matcher_v3_http_inputs } from "../generated/envoy/type/matcher/v3/http_inputs_pb.ts";
import { file_envoy_type_matcher_v3_regex } from "../generated/envoy/type/matcher/v3/regex_pb.ts";
import { file_envoy_type_matcher_v3_string } from "../generated/envoy/type/matcher/v3/string_pb.ts";
import { file_envoy_type_v3_percent } from "../generated/envoy/type/v3/percent_pb.ts";
import { file_xds_core_v3_extension } from "../generated/xds/core/v3/extension_pb.ts";
import { file_xds_type_matcher_v3_matcher } from "../generated/xds/type/matcher/v3/matcher_pb.ts";
import { file_xds_type_matcher_v3_regex } from "../generated/xds/type/matcher/v3/regex_pb.ts";
import { file_xds_type_matcher_v3_string } from "../generated/xds/type/matcher/v3/string_pb.ts";

export const extensionRegistry: Registry = createRegistry(
  file_envoy_config_accesslog_v3_accesslog,
  file_envoy_config_cluster_v3_cluster,
  file_envoy_config_common_mutation_rules_v3_mutation_rules,
  file_envoy_config_core_v3_address,
  file_envoy_config_core_v3_base,
  file_envoy_config_core_v3_config_source,
  file_envoy_config_core_v3_extension,
  file_envoy_config_core_v3_grpc_service,
  file_envoy_config_core_v3_http_uri,
  file_envoy_config_core_v3_protocol,
  file_envoy_config_core_v3_socket_option,
  file_envoy_config_core_v3_substitution_format_string,
  file_envoy_config_endpoint_v3_endpoint,
  file_envoy_config_listener_v3_listener,
  file_envoy_config_listener_v3_listener_components,
  file_envoy_config_route_v3_route,
  file_envoy_config_route_v3_route_components,
  file_envoy_config_trace_v3_opentelemetry,
  file_envoy_extensions_access_loggers_stats_v3_stats,
  file_envoy_extensions_access_loggers_stream_v3_stream,
  file_envoy_extensions_filters_common_set_filter_state_v3_value,
  file_envoy_extensions_filters_http_cors_v3_cors,
  file_envoy_extensions_filters_http_ext_authz_v3_ext_authz,
  file_envoy_extensions_filters_http_rbac_v3_rbac,
  file_envoy_extensions_filters_http_router_v3_router,
  file_envoy_extensions_filters_http_stateful_session_v3_stateful_session,
  file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector,
  file_envoy_extensions_filters_listener_original_dst_v3_original_dst,
  file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol,
  file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector,
  file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager,
  file_envoy_extensions_filters_network_rbac_v3_rbac,
  file_envoy_extensions_filters_network_set_filter_state_v3_set_filter_state,
  file_envoy_extensions_filters_network_tcp_proxy_v3_tcp_proxy,
  file_envoy_extensions_filters_udp_udp_proxy_v3_route,
  file_envoy_extensions_filters_udp_udp_proxy_v3_udp_proxy,
  file_envoy_extensions_http_early_header_mutation_header_mutation_v3_header_mutation,
  file_envoy_extensions_http_stateful_session_cookie_v3_cookie,
  file_envoy_extensions_http_stateful_session_header_v3_header,
  file_envoy_extensions_load_balancing_policies_common_v3_common,
  file_envoy_extensions_load_balancing_policies_ring_hash_v3_ring_hash,
  file_envoy_extensions_request_id_uuid_v3_uuid,
  file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts,
  file_envoy_extensions_tracers_opentelemetry_resource_detectors_v3_environment_resource_detector,
  file_envoy_extensions_tracers_opentelemetry_resource_detectors_v3_static_config_resource_detector,
  file_envoy_extensions_tracers_opentelemetry_samplers_v3_parent_based_sampler,
  file_envoy_extensions_tracers_opentelemetry_samplers_v3_trace_id_ratio_based_sampler,
  file_envoy_extensions_transport_sockets_proxy_protocol_v3_upstream_proxy_protocol,
  file_envoy_extensions_transport_sockets_raw_buffer_v3_raw_buffer,
  file_envoy_extensions_transport_sockets_tls_v3_common,
  file_envoy_extensions_transport_sockets_tls_v3_secret,
  file_envoy_extensions_transport_sockets_tls_v3_tls,
  file_envoy_extensions_upstreams_http_v3_http_protocol_options,
  file_envoy_type_http_v3_cookie,
  file_envoy_type_matcher_v3_http_inputs,
  file_envoy_type_matcher_v3_regex,
  file_envoy_type_matcher_v3_string,
  file_envoy_type_v3_percent,
  file_xds_core_v3_extension,
  file_xds_type_matcher_v3_matcher,
  file_xds_type_matcher_v3_regex,
  file_xds_type_matcher_v3_string,
);
