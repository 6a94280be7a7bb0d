/** Insight: answers to questions about a configuration. */
export { evaluate } from "./evaluate/evaluate.ts";
export type { Choice, EvaluatedRequest, Forwarded, Outcome, RuleReference } from "./evaluate/request.ts";
