import { expect, test } from "vitest";
import { authorityTimesOf } from "../identity/index.ts";
import { LEAST_CERTIFICATE_LIFE_MS, LEAST_ROOT_INTRODUCTION_MS } from "./duration-option.ts";

test("of the shortest introduction of a root, two minutes are left once the replica that tells of it has looked", () => {
  const { introduceMs, lookMs } = authorityTimesOf({
    certificateLifeMs: LEAST_CERTIFICATE_LIFE_MS,
    rootIntroductionMs: LEAST_ROOT_INTRODUCTION_MS,
  });
  expect(introduceMs - lookMs).toBeGreaterThanOrEqual(120_000);
});
