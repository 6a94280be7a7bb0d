/**
 * The delta ADS state machine: what to tell an Envoy, in which order, and what it answered. Pure: the time and the requests
 * come in, messages and facts go out; `transport` gives it streams and a clock.
 */
export type { AcknowledgedFact, Fact, HeldFact, RefusedFact, RemovedFact, UnknownFact, WarmingFact } from "./fact.ts";
export { kindOf, routeTableOf, typeUrlOf } from "./resource.ts";
export type { ResourceBatch, ResourceId, ResourceKind, ResourceRecord } from "./resource.ts";
export { ResourceShares } from "./resource-shares.ts";
export type { SharedBatch, SharedId, SharedRecord } from "./resource-shares.ts";
export { ResourceSet } from "./resource-set.ts";
export { Session } from "./session.ts";
export type { SessionEvent, SessionOptions, SessionOutput, SessionProgress } from "./session.ts";
