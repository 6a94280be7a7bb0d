/**
 * Who may call workloads of the mesh, through Gateways, and backends outside, and with what, as the proxies beside those workloads, of those
 * Gateways, and of the callers decide it: what a rule to deny matches is refused; of the rest, where calls have to be allowed, what no rule to allow matches.
 */
import type { NamespacedName, ProxyKey } from "./keys.ts";

export interface Access {
  /** The workloads: those of a namespace, or of a ServiceAccount, for which all that counts is said here again. */
  readonly key: ProxyKey;
  readonly enforced: AccessRules;
  /** What would be in force if all that is only to be reported was; absent where nothing is. */
  readonly audited?: AccessRules;
  /** Object keys of the policies. */
  readonly origins: readonly string[];
}

/** What is decided, and what would be. */
export type Decisions = Pick<Access, "enforced" | "audited">;

/** Of a Gateway that policies are about; of others, everything is allowed. */
export interface GatewayAccess extends Decisions {
  /** `accessOfGateway`. */
  readonly key: string;
  /** About callers that have proved an identity of the mesh; absent: there are none. */
  readonly ofMembers?: Decisions;
  readonly origins: readonly string[];
}

export const accessOfGateway = ({ namespace, name }: NamespacedName): string => `${namespace}/${name}`;

export interface AccessRules {
  readonly deny: readonly AccessRule[];
  /** Absent: everything is allowed that is not denied. */
  readonly allow?: readonly AccessRule[];
}

/** Matches a call from one of the sources with one of the requests. */
export interface AccessRule {
  /** `shop/cart-callers#0`: the policy, and the rule's place in it. */
  readonly name: string;
  /** Absent: whoever calls; empty: nobody. */
  readonly sources?: readonly AccessSource[];
  /** Absent: whatever is called. */
  readonly requests?: readonly AccessRequest[];
}

export type AccessSource =
  /** Whoever has an identity of the mesh. */
  | { readonly kind: "mesh" }
  /** Whoever has none. */
  | { readonly kind: "outside" }
  /** Whose SPIFFE ID begins with it. */
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "identity"; readonly identity: string };

/** Matches what agrees with everything that is stated. */
export interface AccessRequest {
  readonly methods?: readonly string[];
  /** Of HTTP: exact, or `*.example.com`. */
  readonly hostnames?: readonly string[];
  readonly paths?: readonly { readonly kind: "exact" | "prefix"; readonly value: string }[];
  /** Of the workload, or of the listener. */
  readonly ports?: readonly number[];
}

/**
 * Whether nobody outside the mesh gets through, whatever they send: then their connections need not be looked at. What only HTTP has
 * allows none of them, since nobody knows that they are HTTP.
 */
export function isClosedToOutside({ deny, allow }: AccessRules): boolean {
  if (deny.some((rule) => isForOutside(rule) && rule.requests === undefined)) return true;
  const opens = (rule: AccessRule): boolean =>
    isForOutside(rule) && (rule.requests?.some((request) => !isAboutHttp(request)) ?? true);
  return allow !== undefined && !allow.some(opens);
}

const isForOutside = ({ sources }: AccessRule): boolean => sources?.some(({ kind }) => kind === "outside") ?? true;

/** Whether something may be refused. */
export const isGuarded = ({ deny, allow }: AccessRules): boolean => deny.length > 0 || allow !== undefined;

/** Whether it speaks of what only HTTP has. */
export const isAboutHttp = (request: {
  readonly methods?: unknown;
  readonly hostnames?: unknown;
  readonly paths?: unknown;
}): boolean => request.methods !== undefined || request.hostnames !== undefined || request.paths !== undefined;
