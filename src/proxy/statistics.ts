/**
 * The statistics that Envoy keeps: a closed list. Every name costs memory in each worker for each cluster or listener, and
 * what is not on the list is never created. On it is what an alarm, a capacity plan or this program itself needs:
 * traffic, errors and latency at the front, errors and members of each backend, certificates' age, pressure, the state of the
 * configuration, and who called whom.
 */

import { DURATION_BOUNDS, TRAFFIC_PREFIX } from "../model/index.ts";

/** Envoy's StringMatcher, in JSON. */
type Matcher = { readonly exact: string } | { readonly prefix: string } | { readonly suffix: string };

const server = [
  "live",
  "state",
  "uptime",
  "concurrency",
  "memory_allocated",
  "memory_heap_size",
  "memory_physical_size",
  "total_connections",
  "days_until_first_cert_expiring",
  "main_thread.watchdog_miss",
];

const configuration = [
  "cluster_manager.active_clusters",
  "cluster_manager.warming_clusters",
  "listener_manager.total_listeners_active",
  "listener_manager.total_listeners_warming",
  "listener_manager.total_listeners_draining",
  "listener_manager.listener_create_failure",
  "control_plane.connected_state",
];

/** Of listeners (`listener.tcp_80.…`) and of what serves them (`http.https.…`, `tcp.tls.…`, `udp.udp.…`). */
const front = [
  "downstream_cx_active",
  "downstream_cx_total",
  "downstream_cx_overflow",
  "downstream_cx_overload_reject",
  "downstream_cx_no_route",
  "downstream_cx_protocol_error",
  "downstream_pre_cx_timeout",
  "ssl.handshake",
  "ssl.connection_error",
  "ssl.fail_verify_no_cert",
  "ssl.fail_verify_error",
  "ssl.fail_verify_san",
  "downstream_rq_active",
  "downstream_rq_total",
  "downstream_rq_2xx",
  "downstream_rq_3xx",
  "downstream_rq_4xx",
  "downstream_rq_5xx",
  "downstream_rq_time",
  "downstream_rq_overload_close",
  "downstream_sess_active",
  "downstream_sess_total",
];

/** Of backends. */
const back = [
  "upstream_rq_total",
  "upstream_rq_5xx",
  "upstream_rq_timeout",
  "upstream_rq_retry",
  "upstream_rq_pending_overflow",
  "upstream_cx_connect_fail",
  "upstream_cx_overflow",
  // Of those alone whose endpoints may be ejected.
  "outlier_detection.ejections_active",
  "outlier_detection.ejections_enforced_total",
  "membership_healthy",
  "membership_total",
];

/** Calls that policies refused, also those to backends outside, and those that they would have refused. */
const access = [{ suffix: ".rbac.denied" }, { suffix: ".rbac.backend.denied" }, { suffix: "shadow_denied" }];

const pressure = [{ prefix: "overload.envoy.resource_monitors." }, { suffix: "stop_accepting_requests.active" }];

/** Requests and connections by who called whom, and how often there were too many of them to be counted (model/traffic.ts). */
const traffic = [{ prefix: `${TRAFFIC_PREFIX}.` }, { prefix: "server.stats_overflow" }];

export const statisticsKept: readonly Matcher[] = [
  ...server.map((name) => ({ exact: `server.${name}` })),
  ...configuration.map((exact) => ({ exact })),
  ...[...front, ...back].map((name) => ({ suffix: `.${name}` })),
  ...access,
  ...pressure,
  ...traffic,
];

/** Statistics that nothing was counted in for one to two times as long are let go of, where there can be many: those of `traffic`. */
export const STATISTICS_EVICTION_SECONDS = 3600;

/** In which classes Envoy counts durations; its own are not made for milliseconds. */
export const histogramClasses: readonly object[] = [
  { match: { prefix: `${TRAFFIC_PREFIX}.` }, buckets: DURATION_BOUNDS },
];
