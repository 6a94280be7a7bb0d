/**
 * How long certificates live, and what follows from it: an installation states one life, and everything else keeps its proportion to
 * that, so that what holds for a day holds for a minute.
 */
import type { AuthorityTimes } from "./control-plane-authority.ts";
import type { WorkloadTimes } from "./workload-certificates.ts";

export interface IdentityTimes {
  /** Of workloads' and the control plane's own certificates: so long may the control plane be away, less the renewal's share. */
  readonly certificateLifeMs: number;
  /** How long a new root is trusted before it signs: longer than a changed ConfigMap takes to reach every pod (2 min) after the next look. */
  readonly rootIntroductionMs: number;
}

export const defaultIdentityTimes: IdentityTimes = { certificateLifeMs: 24 * 3_600_000, rootIntroductionMs: 3_600_000 };

/** A certificate is renewed when this share of its life is over: of a day, an hour. */
const RENEWAL_SHARE = 1 / 24;
/** An old root is trusted longer than any certificate lives that it signed: by this share of that life, */
const RETIREMENT_SHARE = 1 / 6;
/** and by so many looks at least, since another replica has it sign until it has looked. */
const RETIREMENT_LOOKS = 2;
const INTERMEDIATE_LIVES = 7;
/** The replica that tells pods of a new root has it when it has looked: so much less are the roots introduced. */
const LOOK_SHARE = 1 / 12;
const MOST_LOOK_MS = 60_000;
const MOST_RETRY_MS = 5_000;

export function authorityTimesOf({
  certificateLifeMs,
  rootIntroductionMs,
}: IdentityTimes): Omit<AuthorityTimes, "rootLifeMs"> {
  const lookMs = Math.min(MOST_LOOK_MS, LOOK_SHARE * rootIntroductionMs);
  return {
    serverLifeMs: certificateLifeMs,
    intermediateLifeMs: INTERMEDIATE_LIVES * certificateLifeMs,
    introduceMs: rootIntroductionMs,
    retireMs: certificateLifeMs + Math.max(RETIREMENT_SHARE * certificateLifeMs, RETIREMENT_LOOKS * lookMs),
    lookMs,
  };
}

export function workloadTimesOf({ certificateLifeMs }: IdentityTimes): WorkloadTimes {
  const renewMs = RENEWAL_SHARE * certificateLifeMs;
  return { lifeMs: certificateLifeMs, renewMs, retryMs: Math.min(MOST_RETRY_MS, renewMs) };
}
