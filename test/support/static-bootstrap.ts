/**
 * Records as one file that Envoy can check or run without a control plane: what they get over the stream is put where
 * they refer to it. Everything else is as a proxy would receive it.
 */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { EnvoyRecord, ResourceKind } from "../../src/envoy/index.ts";
import { jsonOf } from "./envoy-json.ts";

export function staticBootstrap(records: readonly EnvoyRecord[]): JsonObject {
  const of = (kind: ResourceKind): EnvoyRecord[] => records.filter((record) => record.kind === kind);
  const endpoints = new Map(of("endpoints").map((record) => [record.name, jsonOf(record)]));
  const filters = new Map(of("extension").map((record) => [record.name, jsonOf(record)]));
  const tables = new Map(of("routeTable").map((record) => [record.name, inlineTable(record, of("virtualHost"))]));
  return {
    staticResources: {
      listeners: of("listener").map((record) => inline(jsonOf(record), { tables, filters })),
      clusters: of("cluster").map((record) => inlineCluster(jsonOf(record), endpoints)),
      secrets: of("secret").map(jsonOf),
    },
  };
}

function inlineTable(table: EnvoyRecord, hosts: readonly EnvoyRecord[]): JsonObject {
  const { vhds: _, ...rest } = jsonOf(table);
  const own = hosts.filter(({ name }) => name.slice(0, name.lastIndexOf("/")) === table.name);
  return { ...rest, virtualHosts: own.map(jsonOf) };
}

function inlineCluster(cluster: JsonObject, endpoints: ReadonlyMap<string, JsonObject>): JsonObject {
  const { edsClusterConfig, ...rest } = cluster;
  if (edsClusterConfig === undefined) return inline(cluster, NOTHING_NAMED);
  const serviceName = (edsClusterConfig as { serviceName: string }).serviceName;
  const loadAssignment = endpoints.get(serviceName) ?? { clusterName: serviceName };
  return inline({ ...rest, type: "STATIC", loadAssignment }, NOTHING_NAMED);
}

interface Named {
  readonly tables: ReadonlyMap<string, JsonObject>;
  readonly filters: ReadonlyMap<string, JsonObject>;
}

const NOTHING_NAMED: Named = { tables: new Map(), filters: new Map() };

/** A reference to a secret without a source means one of the file itself. */
function inline(value: JsonObject, named: Named): JsonObject {
  const visit = (inner: JsonValue): JsonValue => {
    if (Array.isArray(inner)) return inner.map(visit);
    return typeof inner === "object" && inner !== null ? inline(inner, named) : inner;
  };
  const { sdsConfig: _, rds, configDiscovery, ...rest } = value;
  const { name = "" } = value;
  const visited = Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, visit(inner)]));
  if (configDiscovery !== undefined) return { ...visited, ...named.filters.get(typeof name === "string" ? name : "") };
  if (rds === undefined) return visited;
  const table = named.tables.get((rds as { routeConfigName: string }).routeConfigName);
  return { ...visited, routeConfig: table ?? {} };
}
