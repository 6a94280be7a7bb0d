/** How much may be under way to a cluster at the same time. */
import { create } from "@bufbuild/protobuf";
import {
  CircuitBreakers_Thresholds_RetryBudgetSchema,
  CircuitBreakersSchema,
} from "../../generated/envoy/config/cluster/v3/circuit_breaker_pb.ts";
import type {
  CircuitBreakers,
  CircuitBreakers_Thresholds_RetryBudget,
} from "../../generated/envoy/config/cluster/v3/circuit_breaker_pb.ts";
import type { CircuitBreaker, RetryBudget } from "../../model/index.ts";

/** The Gateway API bounds neither connections nor requests, so 1,024 of them, Envoy's default, must not be a wall. */
const UNBOUNDED = 2 ** 32 - 1;
/** Retries at the same time per backend and worker: Envoy's 3 starve, and no bound lets them multiply an outage. */
const MAX_RETRIES = 1024;

/** A budget of retries comes before their number. */
export const circuitBreakersOf = (bounds: CircuitBreaker = {}, retryBudget?: RetryBudget): CircuitBreakers =>
  create(CircuitBreakersSchema, {
    thresholds: [
      {
        maxConnections: bounds.maxConnections ?? UNBOUNDED,
        maxPendingRequests: bounds.maxPendingRequests ?? UNBOUNDED,
        maxRequests: bounds.maxRequests ?? UNBOUNDED,
        maxRetries: bounds.maxRetries ?? MAX_RETRIES,
        ...(retryBudget && { retryBudget: budgetOf(retryBudget) }),
      },
    ],
  });

const budgetOf = ({ percent, minConcurrent }: RetryBudget): CircuitBreakers_Thresholds_RetryBudget =>
  create(CircuitBreakers_Thresholds_RetryBudgetSchema, {
    budgetPercent: { value: percent },
    minRetryConcurrency: minConcurrent,
  });
