/** What carries connections and datagrams to a stream backend's cluster, whose name is all that they know of it. */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { FilterSchema, ListenerFilterSchema } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type { Filter, ListenerFilter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { TcpProxySchema } from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import type { TcpProxy } from "../../generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { RouteSchema } from "../../generated/envoy/extensions/filters/udp/udp_proxy/v3/route_pb.ts";
import { UdpProxyConfigSchema } from "../../generated/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.ts";
import { MatcherSchema } from "../../generated/xds/type/matcher/v3/matcher_pb.ts";
import type { Matcher } from "../../generated/xds/type/matcher/v3/matcher_pb.ts";
import type { StreamBackendKey } from "../../model/index.ts";
import { type AccessLogs, datagramAccessLog, inboundStreamAccessLog, streamAccessLog } from "../access-log.ts";
import { seconds } from "../duration.ts";
import { connectionMetricsOf, datagramMetrics, type Reporter } from "../metrics/traffic.ts";
import type { EnvoySettings } from "../settings.ts";

/** The largest datagram that IP can carry; Envoy's default of 1,500 bytes would drop larger ones silently. */
export const MAX_DATAGRAM_BYTES = 65_535n;

/** A minute without a datagram in either direction ends a session: the next one is balanced anew. */
const UDP_IDLE_SECONDS = 60;
/** A day: databases and message brokers hold idle connections for hours; TCP keep-alive finds the dead ones. */
const TCP_IDLE_SECONDS = 24 * 3600;

/** The filters of a `tcp` or `tls` chain. No filter at all closes each connection, as is due without a route. */
export function streamFilters(
  kind: "tcp" | "tls",
  target: StreamBackendKey | undefined,
  settings: EnvoySettings,
  log: AccessLogs,
): Filter[] {
  return target === undefined ? [] : [tcpProxyFilter(tcpProxyOf(kind, target, settings, "source", log))];
}

export const tcpProxyFilter = (config: TcpProxy): Filter =>
  create(FilterSchema, {
    name: "envoy.filters.network.tcp_proxy",
    configType: { case: "typedConfig", value: anyPack(TcpProxySchema, config) },
  });

/** `reporter`: on which end of the connections the proxy stands. */
export const tcpProxyOf = (
  kind: "tcp" | "tls",
  target: StreamBackendKey,
  settings: EnvoySettings,
  reporter: Reporter = "source",
  log: AccessLogs = accessLogOf[reporter],
): TcpProxy =>
  create(TcpProxySchema, {
    statPrefix: kind,
    clusterSpecifier: { case: "cluster", value: target },
    idleTimeout: seconds(TCP_IDLE_SECONDS),
    accessLog: [...log[settings.accessLog], ...(settings.trafficMetrics ? connectionMetricsOf[reporter] : [])],
    // An entry of its own, for what counts opened connections.
    accessLogOptions: { flushAccessLogOnConnected: settings.trafficMetrics },
  });

const accessLogOf: Readonly<Record<Reporter, AccessLogs>> = {
  source: streamAccessLog,
  destination: inboundStreamAccessLog,
};

/** The filter of a UDP listener. Without a target datagrams are dropped. */
export function datagramFilter(target: StreamBackendKey | undefined, settings: EnvoySettings): ListenerFilter {
  const config = create(UdpProxyConfigSchema, {
    statPrefix: "udp",
    routeSpecifier: { case: "matcher", value: alwaysTo(target) },
    idleTimeout: seconds(UDP_IDLE_SECONDS),
    upstreamSocketConfig: { maxRxDatagramSize: MAX_DATAGRAM_BYTES },
    accessLog: [
      ...(settings.accessLog === "all" ? [datagramAccessLog] : []),
      ...(settings.trafficMetrics ? [datagramMetrics] : []),
    ],
  });
  return create(ListenerFilterSchema, {
    name: "envoy.filters.udp_listener.udp_proxy",
    configType: { case: "typedConfig", value: anyPack(UdpProxyConfigSchema, config) },
  });
}

function alwaysTo(cluster: StreamBackendKey | undefined): Matcher {
  if (cluster === undefined) return create(MatcherSchema);
  const typedConfig = anyPack(RouteSchema, create(RouteSchema, { cluster }));
  return create(MatcherSchema, {
    onNoMatch: { onMatch: { case: "action", value: { name: "route", typedConfig } } },
  });
}
