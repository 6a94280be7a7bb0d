/**
 * Who calls, where all workloads call from one address: sidecars that nobody redirects to note the name of theirs on each connection, and what is
 * chosen by the address of the caller is chosen by that name instead. Of connections that nobody noted anything on, such as those of clients of
 * Gateways, addresses count.
 */
import { create } from "@bufbuild/protobuf";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import {
  RouteAction_HashPolicy_FilterStateSchema,
  RouteAction_HashPolicySchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type { RouteAction_HashPolicy } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { PROXY_VARIABLES } from "../../model/index.ts";
import { filterStateFilter } from "./filter-state.ts";

const KEY = "trilith.dev/caller";

export const callerName: Filter = filterStateFilter(
  KEY,
  `%ENVIRONMENT(${PROXY_VARIABLES.namespace})%/%ENVIRONMENT(${PROXY_VARIABLES.workload})%`,
  "envoy.hashable_string",
);

/** Where there is a name, nothing else is looked at. */
export const hashOfCallerName: RouteAction_HashPolicy = create(RouteAction_HashPolicySchema, {
  policySpecifier: { case: "filterState", value: create(RouteAction_HashPolicy_FilterStateSchema, { key: KEY }) },
  terminal: true,
});
