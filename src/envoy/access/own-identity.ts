/**
 * Who the proxy itself is, as its environment says (`PROXY_VARIABLES`), for policies about what it sends: a network filter notes it on each
 * connection that it takes, and rules compare what was noted. A proxy that does not know has no identity, and is none of the mesh.
 */
import { create } from "@bufbuild/protobuf";
import type { Filter } from "../../generated/envoy/config/listener/v3/listener_components_pb.ts";
import { PrincipalSchema } from "../../generated/envoy/config/rbac/v3/rbac_pb.ts";
import type { Principal } from "../../generated/envoy/config/rbac/v3/rbac_pb.ts";
import { FilterStateMatcherSchema } from "../../generated/envoy/type/matcher/v3/filter_state_pb.ts";
import type { StringMatcher } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import { PROXY_VARIABLES } from "../../model/index.ts";
import { filterStateFilter } from "../mesh/filter-state.ts";

const KEY = "trilith.dev/identity";

/** Ahead of what decides. */
export const ownIdentity: Filter = filterStateFilter(KEY, `%ENVIRONMENT(${PROXY_VARIABLES.identity})%`, "envoy.string");

export const ownIdentityIs = (value: StringMatcher): Principal =>
  create(PrincipalSchema, {
    identifier: {
      case: "filterState",
      value: create(FilterStateMatcherSchema, { key: KEY, matcher: { case: "stringMatch", value } }),
    },
  });
