import { beforeAll, describe, expect, test } from "vitest";
import { type AuthorityState, nextStep, stateTowards, trustedIn } from "./authority-state.ts";
import type { Authority } from "./certificate-chains.ts";
import { createIntermediate, createRoot } from "./issue-certificates.ts";

const HOUR_MS = 3_600_000;
const lifetime = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2029-01-01T00:00:00Z") };
const now = new Date("2026-02-01T00:00:00Z");
const later = new Date("2026-02-01T01:00:00Z");
const times = { introduceMs: HOUR_MS, retireMs: 28 * HOUR_MS };

let ours: Authority;
let company: Authority;
let branch: Authority;
let otherBranch: Authority;

beforeAll(async () => {
  ours = await createRoot("ours", lifetime);
  company = await createRoot("company", lifetime);
  const branchOf = async (name: string): Promise<Authority> => ({
    ...(await createIntermediate(company, name, lifetime)),
    roots: company.certificate,
  });
  branch = await branchOf("branch");
  otherBranch = await branchOf("other branch");
});

/** By names, so that a difference can be read. */
function shown(state: AuthorityState | undefined): object | undefined {
  if (state === undefined) return undefined;
  const names = new Map([
    [ours.certificate, "ours"],
    [company.certificate, "company"],
    [branch.certificate, "branch"],
    [otherBranch.certificate, "other branch"],
  ]);
  return {
    step: state.step,
    signs: names.get(state.present.certificate),
    ...(state.step === "introducing" && { next: names.get(state.next.certificate) }),
    trusted: [...names].flatMap(([certificate, name]) => (trustedIn(state).join("").includes(certificate) ? name : [])),
  };
}

describe("an authority that is brought", () => {
  test("is introduced before it signs, and the one of before is trusted after it", () => {
    const introducing = stateTowards({ step: "steady", present: ours }, branch, now, times);
    const still = introducing && stateTowards(introducing, branch, now, times);
    const step = introducing && nextStep(introducing, later, times, false);
    const retiring = typeof step === "object" ? step.state : undefined;
    expect([introducing, still, retiring].map(shown)).toEqual([
      { step: "introducing", signs: "ours", next: "branch", trusted: ["ours", "company"] },
      undefined,
      { step: "retiring", signs: "branch", trusted: ["ours", "company"] },
    ]);
  });

  test("signs at once where its root is trusted, as the next intermediate authority is", () => {
    const state = stateTowards({ step: "steady", present: branch }, otherBranch, now, times);
    expect(shown(state)).toEqual({ step: "steady", signs: "other branch", trusted: ["company"] });
  });

  test("takes the place of one that is introduced, and of that nothing is trusted any more", () => {
    const state = stateTowards({ step: "introducing", present: company, next: ours, since: now }, branch, now, times);
    expect(shown(state)).toEqual({ step: "introducing", signs: "company", next: "branch", trusted: ["company"] });
  });

  test("that is taken back before it signs leaves what was there", () => {
    const state = stateTowards({ step: "introducing", present: ours, next: branch, since: now }, ours, now, times);
    expect(shown(state)).toEqual({ step: "steady", signs: "ours", trusted: ["ours"] });
  });

  test("that comes while another one is retired leaves that trusted until both are over", () => {
    const before: AuthorityState = {
      step: "retiring",
      present: ours,
      former: { roots: company.certificate, until: later },
      since: now,
    };
    const introducing = stateTowards(before, otherBranch, now, times);
    const step = introducing && nextStep(introducing, later, times, false);
    expect([introducing, typeof step === "object" ? step.state : undefined].map(shown)).toEqual([
      { step: "introducing", signs: "ours", next: "other branch", trusted: ["ours", "company"] },
      { step: "retiring", signs: "other branch", trusted: ["ours", "company"] },
    ]);
  });
});

test("roots are retired when the last certificate of any of them has ended, also where those of the next root live shorter", () => {
  const shorter = { introduceMs: HOUR_MS, retireMs: HOUR_MS };
  const introducing: AuthorityState = { step: "introducing", present: ours, next: company, since: now };
  const first = nextStep(introducing, later, times, false);
  const retiring = typeof first === "object" ? first.state : undefined;
  const again = retiring && stateTowards(retiring, ours, later, shorter);
  const second = again && nextStep(again, new Date(later.getTime() + HOUR_MS), shorter, false);
  const untilOf = (state: AuthorityState | undefined): Date | undefined =>
    state?.step === "retiring" ? state.former.until : undefined;
  const until = new Date(later.getTime() + times.retireMs);
  expect([untilOf(retiring), untilOf(typeof second === "object" ? second.state : undefined)]).toEqual([until, until]);
  const at = (when: Date): unknown => retiring && nextStep(retiring, when, shorter, false);
  expect([at(new Date(until.getTime() - 1)), at(until)]).toEqual([
    "none",
    { state: { step: "steady", present: company } },
  ]);
});
