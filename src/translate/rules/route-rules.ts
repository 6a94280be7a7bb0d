/**
 * What translation makes of the rules of one route as seen from one Gateway: the Gateway matters because its client
 * certificate is part of how a backend is spoken to. Routes attached to several listeners of a Gateway share one.
 */
import type { HttpRule, NamespacedName, StreamBackend } from "../../model/index.ts";
import type { RouteReference, Verdict } from "../attachment.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import type { RankedMatch } from "../virtual-hosts/match-rank.ts";

export interface RouteRules extends BackendUser {
  /** `<route>|<Gateway namespace>/<Gateway name>`. */
  readonly key: string;
  readonly route: RouteReference;
  /** HTTPRoute and GRPCRoute: in the order of the route. Those that are left out answer with an error. */
  readonly httpRules: readonly MatchedRule[];
  /** TCPRoute, TLSRoute and UDPRoute: where connections go, by what their listener does with TLS. Only the first rule counts. */
  readonly streamBackends: readonly StreamBackend[];
  readonly resolvedRefs: Verdict;
  /** The references that do not resolve, behind `resolvedRefs`. */
  readonly problems: readonly ReferenceProblem[];
  /** How many rules the route states. */
  readonly ruleCount: number;
  /** Why rules were left out, one for each; the others are served. */
  readonly dropped: readonly DroppedRule[];
  readonly notices: readonly RuleNotice[];
}

export interface MatchedRule {
  readonly rule: HttpRule;
  /** Those that the user wrote, in their order; then those of CORS preflights. Of a rule that is left out, those that can be read. */
  readonly matches: readonly MatchOfRule[];
}

export interface MatchOfRule extends RankedMatch {
  /** Position in the rule's `matches`; CORS preflights have places after those. */
  readonly index: number;
}

/** Why a reference does not resolve, in the reasons of the ResolvedRefs condition. */
export interface ReferenceProblem {
  readonly reason:
    | "BackendNotFound"
    | "InvalidKind"
    | "RefNotPermitted"
    | "UnsupportedProtocol"
    | "InvalidExtensionRef";
  readonly path: string;
  readonly message: string;
}

export interface DroppedRule {
  readonly rule: number;
  /** Field path from the route's root, such as `spec.rules[0].matches[1].path.value`. */
  readonly path: string;
  readonly message: string;
}

/** Something that is allowed but surely not meant. */
export interface RuleNotice {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly advice: string;
}

/** A notice: what owners of a rule's backends ask for cannot be kept to. */
export const POLICIES_NOT_IN_FORCE = "backend-policy-not-in-force";

/** The key of a route's rules on a Gateway. */
export const routeRulesKey = (routeObject: string, gateway: NamespacedName): string =>
  `${routeObject}|${gateway.namespace}/${gateway.name}`;
