import { expect, test } from "vitest";
import { authorityTimesOf } from "./identity-times.ts";

test.each([
  ["a day", 24 * 3_600_000, 28 * 3_600_000],
  ["a minute", 60_000, 180_000],
])(
  "for certificates that live %s, a root is trusted after it has signed until those of a replica that looks late have ended",
  (_, certificateLifeMs, retireMs) => {
    expect(authorityTimesOf({ certificateLifeMs, rootIntroductionMs: 3_600_000 })).toMatchObject({
      retireMs,
      lookMs: 60_000,
    });
  },
);
