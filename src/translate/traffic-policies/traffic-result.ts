/**
 * One XBackendTrafficPolicy on its own: what it targets, and what it asks for. Envoy counts retries against the requests that
 * are under way, not against those of an interval; so a rate becomes a number of retries at the same time.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-3388/
 */
import type { RetryBudget } from "../../model/index.ts";
import {
  experimentalGroup,
  type LocalObjectReference,
  type ObjectKey,
  objectKeyOf,
  parseDuration,
  type RetryConstraint,
  type SessionPersistence,
  type XBackendTrafficPolicy,
} from "../../resources/index.ts";
import { sessionNotices } from "../http/session-persistence.ts";
import type { RankedPolicy } from "../policies/precedence.ts";
import type { RuleNotice } from "../rules/route-rules.ts";

/** What a policy says about traffic to its targets. */
export interface TrafficSettings {
  readonly retryBudget?: RetryBudget;
  readonly sessionPersistence?: SessionPersistence;
}

export interface TrafficResult extends RankedPolicy {
  readonly key: ObjectKey;
  readonly generation: number;
  readonly targets: readonly TrafficTarget[];
  readonly settings: TrafficSettings;
  /** What of the policy has no effect, or another one. */
  readonly notices: readonly RuleNotice[];
}

export interface TrafficTarget {
  /** "Service/<namespace>/<name>". */
  readonly target: string;
  /** Position in `spec.targetRefs`. */
  readonly index: number;
}

export function trafficResultOf(policy: XBackendTrafficPolicy): TrafficResult {
  const { name, namespace, creationTimestamp, generation = 0 } = policy.metadata;
  const { targetRefs, retryConstraint, sessionPersistence } = policy.spec;
  return {
    key: objectKeyOf(policy),
    namespace,
    name,
    ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
    generation,
    targets: targetRefs.flatMap((target, index) =>
      isBackend(target) ? [{ target: `${target.kind}/${namespace}/${target.name}`, index }] : [],
    ),
    settings: {
      ...(retryConstraint && { retryBudget: retryBudgetOf(retryConstraint) }),
      ...(sessionPersistence && { sessionPersistence }),
    },
    notices: noticesOf(policy.spec),
  };
}

const isBackend = ({ group, kind }: LocalObjectReference): boolean =>
  (group === "" && kind === "Service") || (group === experimentalGroup && kind === "XBackend");

function retryBudgetOf({ budget, minRetryRate }: RetryConstraint): RetryBudget {
  const { count = DEFAULT_COUNT, interval = DEFAULT_INTERVAL } = minRetryRate;
  const perSecond = (count * 1000) / (parseDuration(interval) || 1000);
  return { percent: budget.percent, minConcurrent: Math.max(1, Math.ceil(perSecond)) };
}

const DEFAULT_COUNT = 10;
const DEFAULT_INTERVAL = "1s";
const DEFAULT_BUDGET_INTERVAL = "10s";

function noticesOf({ targetRefs, retryConstraint, sessionPersistence }: XBackendTrafficPolicy["spec"]): RuleNotice[] {
  const foreign = targetRefs.flatMap((target, index): RuleNotice[] =>
    isBackend(target)
      ? []
      : [
          {
            code: "policy-target-not-supported",
            path: `spec.targetRefs[${index}]`,
            message: `a ${target.kind} is no target of an XBackendTrafficPolicy; Services and XBackends are`,
            advice: "Name a Service or an XBackend",
          },
        ],
  );
  const interval = retryConstraint?.budget.interval ?? DEFAULT_BUDGET_INTERVAL;
  const ofInterval: RuleNotice = {
    code: "retry-interval-not-supported",
    path: "spec.retryConstraint.budget.interval",
    message: `retries are counted against the requests that are under way, not against those of the last ${interval}`,
    advice: "Leave the interval out",
  };
  return [
    ...foreign,
    ...(interval === DEFAULT_BUDGET_INTERVAL ? [] : [ofInterval]),
    ...(sessionPersistence ? sessionNotices(sessionPersistence, "spec.sessionPersistence", 1) : []),
  ];
}
