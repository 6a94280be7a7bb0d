/**
 * How requests find the part of a spread table that has their host (model/spread-table.ts): Envoy's scoped routes. Every connection
 * manager notes the part's name in a header before routes are looked for, and a scope of that name leads to the part's route
 * configuration. Scopes reach all connection managers of a proxy alike, so that they name the table as well.
 *
 * See docs/decisions/many-hosts.md.
 */
import { create } from "@bufbuild/protobuf";
import type { TypedExtensionConfig } from "../generated/envoy/config/core/v3/extension_pb.ts";
import { ScopedRouteConfigurationSchema } from "../generated/envoy/config/route/v3/scoped_route_pb.ts";
import { ScopedRoutesSchema } from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { ScopedRoutes } from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { isPart, PART_EXPRESSIONS, partsOf, type RouteTable, type RouteTableKey } from "../model/index.ts";
import { overTheStream } from "./discovery.ts";
import { earlyHeader } from "./http/early-header.ts";
import { type EnvoyRecord, recordOf, type ResourceId } from "./record.ts";

/** What a client sends under this name is overwritten; the parts take it off again. */
export const ROUTE_PART_HEADER = "x-trilith-route-part";

/** Nothing for a table that is no part. */
export function routeScopeRecord({ key }: RouteTable): EnvoyRecord | undefined {
  if (!isPart(key)) return undefined;
  return recordOf(
    { kind: "routeScope", name: key, needs: [], origins: [] },
    ScopedRouteConfigurationSchema,
    create(ScopedRouteConfigurationSchema, {
      name: key,
      routeConfigurationName: key,
      key: { fragments: [{ type: { case: "stringKey", value: key } }] },
    }),
  );
}

/** The scopes of a spread table; another has none. */
export const scopesOf = (table: RouteTableKey): readonly ResourceId[] =>
  partsOf(table)
    .filter(isPart)
    .map((name) => ({ kind: "routeScope", name }));

/** What connection managers with a spread table look routes up in. */
export const scopedRoutes: ScopedRoutes = create(ScopedRoutesSchema, {
  name: "parts",
  scopeKeyBuilder: {
    fragments: [
      {
        type: {
          case: "headerValueExtractor",
          value: { name: ROUTE_PART_HEADER, extractType: { case: "index", value: 0 } },
        },
      },
    ],
  },
  rdsConfigSource: overTheStream,
  configSpecifier: { case: "scopedRds", value: { scopedRdsConfigSource: overTheStream } },
});

/** Belongs into `early_header_mutation_extensions` of a connection manager with this spread table. */
export function routePartMutation(table: RouteTableKey): TypedExtensionConfig {
  const bits = PART_EXPRESSIONS.map(
    (expression) => `%CEL(request.host.matches(${textOf(`(?i)${expression}`)}) ? '0' : '1')%`,
  );
  return earlyHeader(ROUTE_PART_HEADER, `${table.replaceAll("%", "%%")}${bits.join("")}`);
}

/** As a literal of CEL. */
const textOf = (expression: string): string => `'${expression.replaceAll("\\", "\\\\")}'`;
