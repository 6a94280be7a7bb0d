/**
 * Who may send to a backend that policies are about, and what: decided by the proxy that sends, since nobody else of ours is on the way. The
 * decisions come with each route, or share of one, that leads there, so that there is no moment in which a route is there without them.
 */
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { Any } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import { RBACPerRouteSchema, RBACSchema } from "../../generated/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts";
import type { HttpFilter } from "../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { Decisions } from "../../model/index.ts";
import { decisionsOf } from "../access/access-filters.ts";
import { httpFilter } from "../listeners/http-filter.ts";
import { BACKEND_ACCESS_FILTERS } from "./filter-names.ts";

const ACTIONS = ["deny", "allow"] as const;

/** Denials come first. Routes enable them. */
export const backendAccessFilters: readonly HttpFilter[] = ACTIONS.map((action) =>
  httpFilter(BACKEND_ACCESS_FILTERS[action], RBACSchema, prefixesOf(action), "disabled"),
);

/** Of statistics, and of what is noted for the access log: a Gateway's filters about its callers have others. */
function prefixesOf(action: (typeof ACTIONS)[number]): { rulesStatPrefix: string; shadowRulesStatPrefix: string } {
  return { rulesStatPrefix: "backend", shadowRulesStatPrefix: `backend_${action}_` };
}

export function backendAccessOf(access: Decisions | undefined): Readonly<Record<string, Any>> {
  if (access === undefined) return {};
  return Object.fromEntries(
    ACTIONS.map((action) => {
      const rbac = create(RBACSchema, { ...decisionsOf(access, action, "http", "own"), ...prefixesOf(action) });
      return [BACKEND_ACCESS_FILTERS[action], anyPack(RBACPerRouteSchema, create(RBACPerRouteSchema, { rbac }))];
    }),
  );
}
