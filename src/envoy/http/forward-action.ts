/** Sending requests to one backend, or to several by weight that are treated alike but for their headers. */
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { Any } from "@bufbuild/protobuf/wkt";
import {
  RouteAction_RequestMirrorPolicySchema as MirrorPolicySchema,
  RouteActionSchema,
  WeightedCluster_ClusterWeightSchema as ClusterWeightSchema,
  WeightedClusterSchema,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import type {
  RouteAction,
  RouteAction_RequestMirrorPolicy as MirrorPolicy,
  WeightedCluster_ClusterWeight as ClusterWeight,
} from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { StatefulSessionPerRouteSchema } from "../../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { RegexMatchAndSubstituteSchema } from "../../generated/envoy/type/matcher/v3/regex_pb.ts";
import type { BackendKey, HttpEntry, HttpRule, Mirror } from "../../model/index.ts";
import { backendAccessOf } from "./backend-access.ts";
import { durationOf } from "./duration-of.ts";
import { SESSION_FILTER } from "./filter-names.ts";
import { isEverything, partsPerMillion } from "./fraction.ts";
import type { Portion } from "./fraction.ts";
import { headerListsOf } from "./header-mutation.ts";
import { pathChangeOf } from "./path-modifier.ts";
import { retryPolicyOf } from "./retry-policy.ts";
import { sessionOf } from "./session.ts";
import { NO_TREATMENT } from "./share.ts";
import type { Share, Treatment } from "./share.ts";

type Filters = Readonly<Record<string, Any>>;

interface ForwardOptions {
  /** Whether clients come by TLS. */
  readonly secure: boolean;
  /** The route's part of the rule's requests; other routes have the others, for other backends. */
  readonly portion: Portion;
}

/** The listeners' limit on a silent stream; a rule that allows a request more time lifts it. */
const STREAM_IDLE_TIMEOUT_MS = 3_600_000;

/** The action, and the filters that go with a route of one backend. All shares go to backends. */
export function forwardActionOf(
  entry: HttpEntry,
  shares: readonly Share[],
  options: ForwardOptions,
): { readonly action: RouteAction; readonly filters: Filters } {
  const { rule, match } = entry;
  const [first] = shares;
  const treatment: Treatment = first?.treatment ?? NO_TREATMENT;
  const only = shares.length === 1 ? first : undefined;
  const single = backendOf(only);
  const retryPolicy = retryPolicyOf(rule);
  const action = create(RouteActionSchema, {
    clusterSpecifier:
      single === undefined
        ? {
            case: "weightedClusters",
            value: create(WeightedClusterSchema, { clusters: weightsOf(rule, shares, options) }),
          }
        : { case: "cluster", value: single },
    ...timeoutsOf(rule),
    ...rewriteOf(treatment.hostname),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    requestMirrorPolicies: treatment.mirrors
      .filter(({ numerator }) => numerator > 0)
      .map((mirror) => mirrorPolicyOf(mirror, options.portion)),
  });
  const change = pathChangeOf(treatment.path, match.path);
  if (change.kind === "prefix") action.prefixRewrite = change.replacement;
  if (change.kind === "regex") {
    action.regexRewrite = create(RegexMatchAndSubstituteSchema, {
      pattern: { regex: change.expression },
      substitution: change.substitution,
    });
  }
  return {
    action,
    filters: only === undefined ? {} : filtersOfTarget(rule, only, !isEverything(options.portion), options.secure),
  };
}

/** Whether the weighted clusters carry the header modifiers, which are then not the route's. */
export const forwardsHeadersItself = (shares: readonly Share[]): boolean => shares.length > 1;

const backendOf = (share: Share | undefined): BackendKey | undefined =>
  share?.target.kind === "backend" ? share.target.backend : undefined;

function weightsOf(rule: HttpRule, shares: readonly Share[], { secure }: ForwardOptions): ClusterWeight[] {
  return shares.flatMap((share) => {
    const name = backendOf(share);
    if (name === undefined) return [];
    const request = headerListsOf(...share.requestHeaders);
    const response = headerListsOf(...share.responseHeaders);
    const weight = create(ClusterWeightSchema, {
      name,
      weight: share.weight,
      requestHeadersToAdd: request.add,
      requestHeadersToRemove: request.remove,
      responseHeadersToAdd: response.add,
      responseHeadersToRemove: response.remove,
      typedPerFilterConfig: filtersOfTarget(rule, share, true, secure),
    });
    return [weight];
  });
}

const filtersOfTarget = (rule: HttpRule, share: Share, shared: boolean, secure: boolean): Filters => ({
  ...sessionFilterOf(rule, share, shared, secure),
  ...(share.target.kind === "backend" && backendAccessOf(share.target.access)),
});

/** The rule's session persistence comes before the backend's (GEP-1619). */
function sessionFilterOf(rule: HttpRule, { target }: Share, shared: boolean, secure: boolean): Filters {
  if (target.kind !== "backend") return {};
  const sessionPersistence = rule.sessionPersistence ?? target.sessionPersistence;
  if (sessionPersistence === undefined) return {};
  const session = sessionOf(sessionPersistence, target.backend, shared, secure);
  return { [SESSION_FILTER]: anyPack(StatefulSessionPerRouteSchema, session) };
}

/** Where nothing is stated there is no limit, because a stream may last; Envoy's own default would be 15 seconds. */
function timeoutsOf({ requestTimeoutMs }: HttpRule): Pick<RouteAction, "timeout" | "idleTimeout"> {
  const timeout = durationOf(requestTimeoutMs ?? 0);
  if (requestTimeoutMs === 0) return { timeout, idleTimeout: durationOf(0) };
  if ((requestTimeoutMs ?? 0) <= STREAM_IDLE_TIMEOUT_MS) return { timeout };
  return { timeout, idleTimeout: timeout };
}

const rewriteOf = (hostname: string | undefined): Partial<Pick<RouteAction, "hostRewriteSpecifier">> =>
  hostname === undefined ? {} : { hostRewriteSpecifier: { case: "hostRewriteLiteral", value: hostname } };

/** Envoy compares the request's one random number with this share too, so the share is one of the portion. */
function mirrorPolicyOf({ backend, numerator, denominator }: Mirror, { from, below }: Portion): MirrorPolicy {
  const until = Math.round(from + Math.min(1, numerator / denominator) * (below - from));
  return create(MirrorPolicySchema, {
    cluster: backend,
    disableShadowHostSuffixAppend: true,
    ...(until === below ? {} : { runtimeFraction: { defaultValue: partsPerMillion(until) } }),
  });
}
