/** The schema of XBackendTrafficPolicy. */
import { parseDuration } from "../duration.ts";
import type { LocalObjectReference } from "../types/references.ts";
import type {
  RetryConstraint,
  XBackendTrafficPolicy,
  XBackendTrafficPolicySpec,
} from "../types/x-backend-traffic-policy.ts";
import { duration, object, oneOf, string, wholeNumber } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain } from "./pattern.ts";
import { localObjectReference } from "./references.ts";
import { sessionPersistence } from "./route.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { ListSchema, Schema } from "./schema.ts";
import { policyStatus } from "./status.ts";

const HOUR_MS = 3_600_000;

const isOver = (value: string, wrong: (milliseconds: number) => boolean): boolean => {
  const milliseconds = parseDuration(value);
  return milliseconds !== undefined && wrong(milliseconds);
};

const budgetInterval: Rule<string> = {
  id: "interval cannot be greater than one hour or less than one second",
  find: (value) =>
    violationIf(
      isOver(value, (ms) => ms < 1000 || ms > HOUR_MS),
      `${value} is not from one second to one hour`,
    ),
};

const rateInterval: Rule<string> = {
  id: "interval cannot be greater than one hour",
  find: (value) =>
    violationIf(
      isOver(value, (ms) => ms === 0 || ms > HOUR_MS),
      `${value} is not more than nothing and at most one hour`,
    ),
};

const retryConstraint: Schema<RetryConstraint> = object<RetryConstraint>({
  budget: object<RetryConstraint["budget"]>(
    {
      interval: { ...duration, default: "10s", rules: [budgetInterval] },
      percent: wholeNumber({ minimum: 0, maximum: 100, default: 20 }),
    },
    [],
    { default: { interval: "10s", percent: 20 } },
  ),
  minRetryRate: object<RetryConstraint["minRetryRate"]>(
    {
      count: wholeNumber({ minimum: 1, maximum: 1_000_000 }),
      interval: { ...duration, rules: [rateInterval] },
    },
    [],
    { default: { count: 10, interval: "1s" } },
  ),
});

const targetRefs: ListSchema<LocalObjectReference> = {
  type: "list",
  items: localObjectReference,
  listType: "map",
  keys: ["group", "kind", "name"],
  minItems: 1,
  maxItems: 16,
};

export const xBackendTrafficPolicySchema: Schema<XBackendTrafficPolicy> = object<XBackendTrafficPolicy>(
  {
    apiVersion: string(),
    kind: oneOf(["XBackendTrafficPolicy"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<XBackendTrafficPolicySpec>({ retryConstraint, sessionPersistence, targetRefs }, ["targetRefs"]),
    status: policyStatus,
  },
  ["spec"],
  { experimental: true },
);
