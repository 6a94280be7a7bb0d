/**
 * Who has called whom, and what became of it, by what proxies have counted (model/traffic.ts). A call is told at both ends: the caller's
 * end knows more and counts, and the other end where the caller's proxy was not read, or there is none.
 */
import { trafficMetrics, TRAFFIC_PREFIX } from "../../model/index.ts";
import type { Series } from "./prometheus-page.ts";

export interface Call {
  readonly source: string;
  readonly destination: string;
  /** Behind the Service, where it is known. */
  readonly workload: string;
  readonly kind: "requests" | "connections" | "sessions";
  readonly security: "mTLS" | "TLS" | "plain";
}

/** Sums; UDP sessions are counted when they are over. Durations in classes by their upper bound in milliseconds, each with those of the classes below. */
export interface Counts {
  /** Requests, connections that were opened, or sessions. */
  readonly calls: number;
  readonly failed: number;
  readonly bytes: number;
  readonly durations: ReadonlyMap<number, number>;
}

export interface CountedCall {
  readonly call: Call;
  readonly counts: Counts;
}

/** By what tells calls from each other. */
export type Calls = ReadonlyMap<string, CountedCall>;

/**
 * Of gRPC, what the other end is to blame for.
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
 */
const FAILED_STATUSES: ReadonlySet<string> = new Set([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);

type Share = (series: Series) => Partial<Omit<Counts, "durations">>;

const isFailed = ({ response_class: answer, grpc_status: status = "" }: Series["labels"]): boolean =>
  answer === "5xx" || FAILED_STATUSES.has(status);
/** Envoy's flags say that the target was not reached, or which end broke off; "-" is none. */
const isBroken = ({ flags = "" }: Series["labels"]): boolean => flags !== "" && flags !== "-";

const SHARES: Readonly<Record<string, readonly [Call["kind"], Share]>> = {
  [trafficMetrics.requests]: [
    "requests",
    ({ labels, value }) => ({ calls: value, failed: isFailed(labels) ? value : 0 }),
  ],
  [trafficMetrics.requestBytes]: ["requests", ({ value }) => ({ bytes: value })],
  [trafficMetrics.responseBytes]: ["requests", ({ value }) => ({ bytes: value })],
  [trafficMetrics.connectionsOpened]: ["connections", ({ value }) => ({ calls: value })],
  [trafficMetrics.connectionsClosed]: [
    "connections",
    ({ labels, value }) => ({ failed: isBroken(labels) ? value : 0 }),
  ],
  [trafficMetrics.receivedBytes]: ["connections", ({ value }) => ({ bytes: value })],
  [trafficMetrics.sentBytes]: ["connections", ({ value }) => ({ bytes: value })],
  [trafficMetrics.sessions]: ["sessions", ({ value }) => ({ calls: value })],
  [trafficMetrics.sessionReceivedBytes]: ["sessions", ({ value }) => ({ bytes: value })],
  [trafficMetrics.sessionSentBytes]: ["sessions", ({ value }) => ({ bytes: value })],
};

const NOTHING: Share = () => ({});
const DURATIONS = ["requests", NOTHING] as const;
const NONE = [undefined, NOTHING] as const;

const PREFIX = `envoy_${TRAFFIC_PREFIX}_`;
const DURATION_CLASS = `${trafficMetrics.requestDuration}_bucket`;

/** Of the series of all proxies that were read, together, those of nothing among them. */
export function callsOf(series: readonly Series[]): Calls {
  const own = series.flatMap(({ name, ...rest }) =>
    name.startsWith(PREFIX) ? [{ name: name.slice(PREFIX.length), ...rest }] : [],
  );
  const told = new Set(
    own.flatMap(({ labels }) => (labels["reporter"] === "source" ? (labels["source_identity"] ?? "") : [])),
  );
  const calls = new Map<string, { readonly call: Call; counts: Counts }>();
  for (const each of own) {
    const { reporter, source_identity: identity = "" } = each.labels;
    if (reporter === "destination" && identity !== "" && told.has(identity)) continue;
    addTo(calls, each);
  }
  return calls;
}

function addTo(calls: Map<string, { readonly call: Call; counts: Counts }>, series: Series): void {
  const isDuration = series.name === DURATION_CLASS;
  const [kind, shareOf] = SHARES[series.name] ?? (isDuration ? DURATIONS : NONE);
  if (kind === undefined) return;
  const call = callOf(series.labels, kind);
  const key = JSON.stringify(call);
  const known = calls.get(key) ?? { call, counts: { calls: 0, failed: 0, bytes: 0, durations: new Map() } };
  const { calls: count = 0, failed = 0, bytes = 0 } = shareOf(series);
  const { counts } = known;
  known.counts = {
    calls: counts.calls + count,
    failed: counts.failed + failed,
    bytes: counts.bytes + bytes,
    durations: isDuration ? withClass(counts.durations, series) : counts.durations,
  };
  calls.set(key, known);
}

function withClass(durations: Counts["durations"], { labels, value }: Series): Counts["durations"] {
  const bound = labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"]);
  return new Map(durations).set(bound, (durations.get(bound) ?? 0) + value);
}

function callOf(labels: Series["labels"], kind: Call["kind"]): Call {
  const { destination_namespace: namespace = "", destination_service: service = "" } = labels;
  const { destination_workload: workload = "" } = labels;
  const isInMesh = labels["reporter"] === "source" ? labels["destination_identity"] : labels["source_identity"];
  return {
    source: sourceOf(labels),
    destination: nameOf(namespace, service === "" ? workload : service),
    workload: service === "" ? "" : workload,
    kind,
    security: isInMesh ? "mTLS" : labels["tls"] ? "TLS" : "plain",
  };
}

function sourceOf(labels: Series["labels"]): string {
  const { reporter, source_namespace: namespace = "", source_workload: workload = "" } = labels;
  if (reporter === "source") return workload === "" ? "local" : nameOf(namespace, workload);
  const [, space, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(labels["source_identity"] ?? "") ?? [];
  return space === undefined ? "outside" : `${space}/${account} (account)`;
}

/** Requests that went nowhere have neither. */
const nameOf = (namespace: string, name: string): string => [namespace, name].filter((part) => part !== "").join("/");
