import { describe, expect, test } from "vitest";
import { mergeConditions, type OwnCondition } from "./merge-conditions.ts";
import type { Condition } from "./types/status.ts";

const then = "2026-01-01T00:00:00Z";
const now = "2026-02-02T00:00:00Z";

function own(type: string, status: Condition["status"], observedGeneration = 1): OwnCondition {
  return { type, status, reason: status === "True" ? "Fine" : "Broken", message: "", observedGeneration };
}

const was = (condition: OwnCondition): Condition => ({ ...condition, lastTransitionTime: then });

describe("merging conditions", () => {
  test("keeps what others wrote, and the time of what has not changed its status", () => {
    const existing = [was(own("example.com/Foreign", "True")), was(own("Accepted", "True")), was(own("Ready", "True"))];
    const merged = mergeConditions(
      existing,
      [own("Accepted", "True", 2), own("Ready", "False"), own("New", "True")],
      now,
    );
    expect(merged).toEqual([
      existing[0],
      { ...own("Accepted", "True", 2), lastTransitionTime: then },
      { ...own("Ready", "False"), lastTransitionTime: now },
      { ...own("New", "True"), lastTransitionTime: now },
    ]);
  });

  test("gives back the same list when nothing changes", () => {
    const existing = [was(own("Accepted", "True"))];
    expect(mergeConditions(existing, [own("Accepted", "True")], now)).toBe(existing);
  });

  test("removes an owned condition that is no longer stated", () => {
    const existing = [was(own("Conflicted", "True")), was(own("example.com/Foreign", "True"))];
    expect(mergeConditions(existing, [], now, ["Conflicted"])).toEqual([existing[1]]);
  });
});
