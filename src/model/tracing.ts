/** What proxies tell about requests, as spans of OpenTelemetry. */
import type { BackendKey, ProxyKey } from "./keys.ts";

/** What the proxies of workloads tell. */
export interface MeshTelemetry {
  /** The audience; a narrower one's stands in the place of a wider one's, as a whole. */
  readonly key: ProxyKey;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
}

export interface Tracing {
  /** Takes OTLP. */
  readonly backend: BackendKey;
  readonly protocol: "grpc" | "http";
  /** Sent with every export. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Absent: that of the workload which the proxy stands beside. */
  readonly serviceName?: string;
  /** Absent: the method of the request. */
  readonly spanName?: string;
  /** The share of traces that begin here and are recorded. */
  readonly sampling: { readonly numerator: number; readonly denominator: number };
  /** Whether the share decides also about requests that bring a trace along, whatever that says. */
  readonly ignoresParent: boolean;
  readonly tags: readonly SpanTag[];
}

export interface SpanTag {
  readonly name: string;
  readonly source: "literal" | "header" | "attribute";
  /** The text itself, the name of a request header, or one of `tracedAttributes`. */
  readonly value: string;
}

/**
 * The attributes of OpenTelemetry that a span can be given by name.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export const tracedAttributes = [
  "client.address",
  "http.request.method",
  "http.request.body.size",
  "http.response.body.size",
  "http.response.status_code",
  "network.protocol.name",
  "network.peer.address",
  "server.address",
  "url.path",
  "url.scheme",
  "user_agent.original",
] as const;

export type TracedAttribute = (typeof tracedAttributes)[number];
