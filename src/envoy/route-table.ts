/**
 * A route table as Envoy's route configuration: a name and nothing else, since its virtual hosts travel by themselves
 * (VHDS). It never changes while it lives.
 */
import { create } from "@bufbuild/protobuf";
import { RouteConfigurationSchema } from "../generated/envoy/config/route/v3/route_pb.ts";
import { isAudience, isPart, type RouteTable, type RouteTableKey, virtualHostKey } from "../model/index.ts";
import { overTheStream } from "./discovery.ts";
import { ROUTE_PATH_HEADER } from "./http/route-path-header.ts";
import { ROUTE_PART_HEADER } from "./route-scope.ts";
import { type EnvoyRecord, forProxies, recordOf, type ResourceId } from "./record.ts";

export function routeTableRecord({ key, proxy }: RouteTable): EnvoyRecord {
  return recordOf(
    {
      kind: "routeTable",
      name: key,
      needs: isAudience(proxy) ? [onlyHostOf(key)] : [],
      ...forProxies(proxy),
      origins: [],
    },
    RouteConfigurationSchema,
    create(RouteConfigurationSchema, {
      name: key,
      vhds: { configSource: overTheStream },
      // Hosts are sent when their clusters are ready; one that has gone all the same costs its own requests, not the table.
      validateClusters: false,
      // Hostnames of the Gateway API have no port, and backends get the Host header as the client sent it.
      ignorePortInHostMatching: true,
      // Here and not in each host: Envoy makes all hosts of a table anew when one of them changes.
      requestHeadersToRemove: [ROUTE_PATH_HEADER, ...(isPart(key) ? [ROUTE_PART_HEADER] : [])],
    }),
  );
}

/** Callers in the mesh reach a Service by its address, so its tables have one host, for any name; it goes to whoever has the table. */
const onlyHostOf = (table: RouteTableKey): ResourceId => ({ kind: "virtualHost", name: virtualHostKey(table, "*") });
