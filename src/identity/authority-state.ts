/**
 * Which roots there are, and what becomes of them next. A rotation never lets a proxy meet a certificate whose root it does
 * not have:
 *
 *   steady       one root, which is trusted and signs. Two thirds of its life over, or asked to → introducing
 *   introducing  the next root is trusted, too, and the present one still signs. Told to all proxies for `introduceMs` → retiring
 *   retiring     the next root has become the present one and signs; the former one is still trusted, for those certificates
 *                that it signed. `retireMs` later, when none of them is valid any more → steady
 *
 * Each step is one change of one value, so whoever makes it may crash before or after, and of two who make it one wins.
 */
import type { KeyPair } from "./certificates.ts";
import { lifetimeOf } from "./certificates.ts";

export type AuthorityState =
  | { readonly step: "steady"; readonly present: KeyPair }
  | { readonly step: "introducing"; readonly present: KeyPair; readonly next: KeyPair; readonly since: Date }
  | { readonly step: "retiring"; readonly present: KeyPair; readonly former: string; readonly since: Date };

export interface RotationTimes {
  /** How long a new root is trusted before it signs: many times what a changed ConfigMap takes to reach a pod (2 min). */
  readonly introduceMs: number;
  /** How long an old root is trusted after it has ceased to sign: longer than a server certificate lives. */
  readonly retireMs: number;
}

/** What is to be done now: nothing, a change that needs no key, or a new root. */
export type AuthorityStep = "none" | "begin" | { readonly state: AuthorityState };

/** `isAsked`: a person wants a new root. While one is under way, that changes nothing. */
export function nextStep(state: AuthorityState, now: Date, times: RotationTimes, isAsked: boolean): AuthorityStep {
  switch (state.step) {
    case "steady":
      return isAsked || now.getTime() >= renewalOf(state.present.certificate) ? "begin" : "none";
    case "introducing":
      if (now.getTime() - state.since.getTime() < times.introduceMs) return "none";
      return {
        state: { step: "retiring", present: state.next, former: state.present.certificate, since: now },
      };
    case "retiring":
      if (now.getTime() - state.since.getTime() < times.retireMs) return "none";
      return { state: { step: "steady", present: state.present } };
  }
}

/** The certificates that a proxy is to trust in this state. */
export function trustedIn(state: AuthorityState): readonly string[] {
  switch (state.step) {
    case "steady":
      return [state.present.certificate];
    case "introducing":
      return [state.present.certificate, state.next.certificate];
    case "retiring":
      return [state.present.certificate, state.former];
  }
}

/** Milliseconds since the epoch at which two thirds of a certificate's life are over. */
export function renewalOf(certificate: string): number {
  const { notBefore, notAfter } = lifetimeOf(certificate);
  return notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3;
}
