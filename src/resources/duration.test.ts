import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test("durations are counted in milliseconds", () => {
  expect(["0s", "10s", "1h30m", "500ms", "1m1s1ms", "99999h"].map(parseDuration)).toEqual([
    0, 10_000, 5_400_000, 500, 61_001, 359_996_400_000,
  ]);
});

test("other text is no duration", () => {
  expect(["", "10", "s", "1.5s", "-1s", "1d", "100000s", "1s1s1s1s1s", " 1s"].map(parseDuration)).toEqual(
    Array(9).fill(undefined),
  );
});
