import { expect, test } from "vitest";
import { restartDelayMs } from "./restart-delay.ts";

test("each failure in a row doubles the delay, up to half a minute, and chance takes up to half of it away", () => {
  const longest = [1, 2, 3, 8, 9, 50].map((failures) => restartDelayMs(failures, 0.9999));
  const shortest = [1, 2, 3, 8, 9, 50].map((failures) => restartDelayMs(failures, 0));
  expect({ longest, shortest }).toEqual({
    longest: [200, 400, 800, 25_599, 29_999, 29_999],
    shortest: [100, 200, 400, 12_800, 15_000, 15_000],
  });
});
