/**
 * Which roots there are, and what becomes of them next. A rotation never lets a proxy meet a certificate whose root it does
 * not have:
 *
 *   steady       one root, which is trusted and signs. Two thirds of its life over, or asked to → introducing
 *   introducing  the next root is trusted, too, and the present one still signs. Told to all proxies for `introduceMs` → retiring
 *   retiring     the next root has become the present one and signs; the former one is still trusted, for those certificates
 *                that it signed, until none of them is valid any more, whatever their lives were meanwhile → steady
 *
 * An authority that somebody brings takes the place of the next root: introduced where its root is not trusted yet, and at once
 * where it is, as another intermediate authority of the same root.
 *
 * Each step is one change of one value, so whoever makes it may crash before or after, and of two who make it one wins.
 */
import { type Authority, bundleOf, leadsTo, lifetimeOf } from "./certificate-chains.ts";

export type AuthorityState =
  | { readonly step: "steady"; readonly present: Authority }
  | {
      readonly step: "introducing";
      readonly present: Authority;
      readonly next: Authority;
      /** Those before, where another one is introduced before they were retired. */
      readonly former?: Former;
      readonly since: Date;
    }
  | { readonly step: "retiring"; readonly present: Authority; readonly former: Former; readonly since: Date };

/** Roots that sign no more. */
export interface Former {
  /** PEM. */
  readonly roots: string;
  /** When the last certificate that leads to one of them has ended. */
  readonly until: Date;
}

export interface RotationTimes {
  /** How long a new root is trusted before it signs: see `IdentityTimes.rootIntroductionMs`. */
  readonly introduceMs: number;
  /** How long an old root is trusted after it has ceased to sign: longer than any certificate lives that leads to it. */
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
        state: {
          step: "retiring",
          present: state.next,
          former: formerOf(state.present.roots, state.former, now, times),
          since: now,
        },
      };
    case "retiring":
      if (now < state.former.until) return "none";
      return { state: { step: "steady", present: state.present } };
  }
}

/** `before`: what is retired already, and has its own time. */
const formerOf = (roots: string, before: Former | undefined, now: Date, { retireMs }: RotationTimes): Former => ({
  roots: bundleOf([roots, before?.roots ?? ""]),
  until: new Date(Math.max(now.getTime() + retireMs, before?.until.getTime() ?? 0)),
});

/** What becomes of the state where this authority is to sign; undefined where it does, or is about to. */
export function stateTowards(
  state: AuthorityState,
  wanted: Authority,
  now: Date,
  times: RotationTimes,
): AuthorityState | undefined {
  const { present } = state;
  const former = state.step === "steady" ? undefined : state.former;
  const isPresent = isSame(present, wanted);
  switch (state.step) {
    case "introducing":
      if (isSame(state.next, wanted)) return undefined;
      if (isPresent) return settled(present, former, now);
      break;
    case "retiring":
    case "steady":
      if (isPresent) return undefined;
      if (leadsTo(wanted.certificate, present.roots))
        return settled(
          wanted,
          present.roots === wanted.roots ? former : formerOf(present.roots, former, now, times),
          now,
        );
  }
  return { step: "introducing", present, next: wanted, ...(former !== undefined && { former }), since: now };
}

const settled = (present: Authority, former: Former | undefined, since: Date): AuthorityState =>
  former === undefined ? { step: "steady", present } : { step: "retiring", present, former, since };

const isSame = (a: Authority, b: Authority): boolean =>
  a.certificate === b.certificate && a.key === b.key && a.roots === b.roots;

/** The certificates that a proxy is to trust in this state. */
export function trustedIn(state: AuthorityState): readonly string[] {
  switch (state.step) {
    case "steady":
      return [state.present.roots];
    case "introducing":
      return [state.present.roots, state.next.roots, state.former?.roots ?? ""];
    case "retiring":
      return [state.present.roots, state.former.roots];
  }
}

/** Milliseconds since the epoch at which two thirds of a certificate's life are over. */
export function renewalOf(certificate: string): number {
  const { notBefore, notAfter } = lifetimeOf(certificate);
  return notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3;
}
