/** What a session learnt about its proxy: data for statuses, metrics and logs. The session never acts on its own facts. */
import type { ResourceId } from "./resource.ts";

export type Fact = AcknowledgedFact | RemovedFact | RefusedFact | HeldFact | WarmingFact | UnknownFact;

/** The proxy has this version. Also told, once, for what a reconnecting proxy still had. */
export interface AcknowledgedFact {
  readonly kind: "acknowledged";
  readonly id: ResourceId;
  readonly version: string;
}

/** The proxy no longer has this resource: it took the removal, or it asked no more. */
export interface RemovedFact {
  readonly kind: "removed";
  readonly id: ResourceId;
}

/** The proxy (or the limit on the size of a message) refused this version; its last good version, if any, stays. */
export interface RefusedFact {
  readonly kind: "refused";
  readonly id: ResourceId;
  readonly version: string;
  readonly message: string;
}

/** This version went out although what it needs was not ready within the bound. */
export interface HeldFact {
  readonly kind: "held";
  readonly id: ResourceId;
  readonly version: string;
  /** When the wait began, in the clock of the events. */
  readonly since: number;
  /** What was not ready. */
  readonly because: readonly ResourceId[];
}

/** This version of a cluster that awaits "warm" is in the proxy: somebody is to look, and send `warmed`. */
export interface WarmingFact {
  readonly kind: "warming";
  readonly id: ResourceId;
  readonly version: string;
}

/** The proxy asked by name for what it is not to have: nothing, or something of others', which it is not given. */
export interface UnknownFact {
  readonly kind: "unknown";
  readonly id: ResourceId;
}
