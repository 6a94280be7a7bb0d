/**
 * Filter chains: what serves the connections of one Gateway API listener, or of one server name of it. Envoy replaces
 * chains in place as long as nothing else of the socket's listener differs, and compares them as a whole: so a chain says
 * nothing about other chains, and connections of unchanged ones live on.
 */
import { create } from "@bufbuild/protobuf";
import {
  FilterChainMatchSchema,
  FilterChainSchema,
} from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import type {
  Filter,
  FilterChain,
  FilterChainMatch,
} from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { type Chain, partsOf, type RouteTableKey, type ServerTls, type Tracing } from "../../model/index.ts";
import { type AccessLogs, gatewayStreamAccessLog, streamAccessLog } from "../access-log.ts";
import type { ResourceId } from "../record.ts";
import { scopesOf } from "../route-scope.ts";
import type { EnvoySettings } from "../settings.ts";
import { secretsOfServer, serverTls } from "../tls/server-tls.ts";
import { networkFiltersOf } from "./gateway-access.ts";
import { type Callers, httpFilters } from "./http-connection-manager.ts";
import { streamFilters } from "./stream-filters.ts";

export type ConnectionChain = Exclude<Chain, { readonly kind: "tcp" | "udp" }> | StreamChain;
type StreamChain = Extract<Chain, { readonly kind: "tcp" | "udp" }>;
type TlsChain = Extract<Chain, { readonly kind: "tls" }>;

/**
 * `callers`: whose requests these are: a Gateway's clients', which nobody vouches for, those of members of the mesh that call the Gateway, or
 * those of the proxy's own workload.
 */
export function filterChain(chain: ConnectionChain, settings: EnvoySettings, callers: Callers): FilterChain {
  const name = chainName(chain);
  switch (chain.kind) {
    case "http":
      return create(FilterChainSchema, { name, filters: httpFilters(chain, settings, callers) });
    case "https":
      return create(FilterChainSchema, {
        name,
        filterChainMatch: matchOf(chain.serverNames),
        transportSocket: serverTls(chain.tls, ["h2", "http/1.1"]),
        filters: httpFilters(chain, settings, callers),
      });
    case "tls":
      return create(FilterChainSchema, {
        name,
        filterChainMatch: matchOf(chain.serverNames),
        ...(chain.tls && { transportSocket: serverTls(chain.tls, []) }),
        filters: guarded(chain, callers, streamFilters("tls", chain.target, settings, logOf(callers))),
      });
    case "tcp":
    case "udp":
      return create(FilterChainSchema, {
        name,
        filters: guarded(chain, callers, streamFilters("tcp", chain.target, settings, logOf(callers))),
      });
  }
}

/** What is decided about access is told where it is decided. */
const logOf = (callers: Callers): AccessLogs =>
  callers.kind === "workload" ? streamAccessLog : gatewayStreamAccessLog;

/** Where there is nobody to go to, there is nothing to decide. */
const guarded = (chain: StreamChain | TlsChain, callers: Callers, filters: readonly Filter[]): Filter[] =>
  callers.kind === "workload" || filters.length === 0
    ? [...filters]
    : [...networkFiltersOf(chain, callers.gateway), ...filters];

/** What the chain refers to by name, but for what decides about access. */
export function needsOfChain(chain: Chain): readonly ResourceId[] {
  switch (chain.kind) {
    case "http":
      return [...tablesOf(chain), ...collectorOf(chain.tracing)];
    case "https":
      return [...tablesOf(chain), ...secretsOfServer(chain.tls), ...collectorOf(chain.tracing)];
    case "tls":
      return [...targetOf(chain), ...secretsOfMaybe(chain.tls)];
    case "tcp":
    case "udp":
      return targetOf(chain);
  }
}

const tablesOf = ({ table }: Extract<Chain, { readonly table: RouteTableKey }>): readonly ResourceId[] => [
  ...scopesOf(table),
  ...partsOf(table).map((name) => ({ kind: "routeTable" as const, name })),
];

export const collectorOf = (tracing: Tracing | undefined): readonly ResourceId[] =>
  tracing ? [{ kind: "cluster", name: tracing.backend }] : [];

const targetOf = ({ target }: { readonly target?: string }): readonly ResourceId[] =>
  target === undefined ? [] : [{ kind: "cluster", name: target }];

const secretsOfMaybe = (tls: ServerTls | undefined): readonly ResourceId[] => (tls ? secretsOfServer(tls) : []);

/**
 * The listeners behind the chain, as the access log shows them. A plain HTTP chain serves all listeners of its port, which
 * come and go: named after them it would be another chain each time, and drain.
 */
function chainName(chain: Chain): string {
  if (chain.kind === "http") return "http";
  const listeners = chain.listeners.join("+");
  return chain.kind === "https" || chain.kind === "tls"
    ? `${listeners}#${chain.serverNames.join(",") || "*"}`
    : listeners;
}

/** A chain for any server name takes TLS without one too, but nothing that is not TLS. */
function matchOf(serverNames: readonly string[]): FilterChainMatch {
  return create(FilterChainMatchSchema, { serverNames: [...serverNames], transportProtocol: "tls" });
}
