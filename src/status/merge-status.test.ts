import { describe, expect, test } from "vitest";
import type { Condition, OwnCondition } from "../resources/index.ts";
import { mergeStatus } from "./merge-status.ts";

const OURS = "trilith.dev/gateway-controller";
const NOW = "2026-11-23T12:00:00Z";
const EARLIER = "2026-11-01T00:00:00Z";

const own = (type: string, status: "True" | "False", observedGeneration = 1): OwnCondition => ({
  type,
  status,
  reason: "R",
  message: "",
  observedGeneration,
});
const stored = (type: string, status: "True" | "False", time: string, generation = 1): Condition => ({
  ...own(type, status, generation),
  lastTransitionTime: time,
});
const gateway = (name: string) => ({ group: "gateway.networking.k8s.io", kind: "Gateway", name });

describe("merging a status", () => {
  test("keeps the time of a condition whose status stays, and takes the new one where it changes", () => {
    const existing = { conditions: [stored("Accepted", "True", EARLIER), stored("Programmed", "False", EARLIER)] };
    const merged = mergeStatus(
      existing,
      { conditions: [own("Accepted", "True", 2), own("Programmed", "True", 2)] },
      OURS,
      NOW,
    );
    expect(merged).toEqual({
      conditions: [stored("Accepted", "True", EARLIER, 2), stored("Programmed", "True", NOW, 2)],
    });
  });

  test("keeps conditions of others, on the object and on its listeners", () => {
    const foreign = stored("example.com/Stale", "True", EARLIER);
    const existing = { conditions: [foreign], listeners: [{ name: "a", attachedRoutes: 0, conditions: [foreign] }] };
    const stated = {
      conditions: [own("Accepted", "True")],
      listeners: [{ name: "a", attachedRoutes: 3, conditions: [own("Accepted", "True")] }],
    };
    expect(mergeStatus(existing, stated, OURS, NOW)).toEqual({
      conditions: [foreign, stored("Accepted", "True", NOW)],
      listeners: [{ name: "a", attachedRoutes: 3, conditions: [foreign, stored("Accepted", "True", NOW)] }],
    });
  });

  test("takes away a condition of ours that no longer holds, and a listener that is gone", () => {
    const existing = {
      conditions: [stored("InsecureFrontendValidationMode", "True", EARLIER)],
      listeners: [{ name: "gone", conditions: [] }],
    };
    expect(mergeStatus(existing, { conditions: [], listeners: [] }, OURS, NOW)).toEqual({
      conditions: [],
      listeners: [],
    });
  });

  test("keeps other controllers' parents and replaces ours", () => {
    const foreign = {
      parentRef: gateway("theirs"),
      controllerName: "example.com/other",
      conditions: [stored("Accepted", "True", EARLIER)],
    };
    const old = { parentRef: gateway("old"), controllerName: OURS, conditions: [] };
    const stated = {
      parents: [{ parentRef: gateway("new"), controllerName: OURS, conditions: [own("Accepted", "True")] }],
    };
    expect(mergeStatus({ parents: [old, foreign] }, stated, OURS, NOW)).toEqual({
      parents: [
        foreign,
        { parentRef: gateway("new"), controllerName: OURS, conditions: [stored("Accepted", "True", NOW)] },
      ],
    });
  });

  test("an object that is ours no longer keeps only what is others'", () => {
    const foreign = { parentRef: gateway("theirs"), controllerName: "example.com/other", conditions: [] };
    const ours = { parentRef: gateway("ours"), controllerName: OURS, conditions: [] };
    expect(mergeStatus({ parents: [ours, foreign] }, undefined, OURS, NOW)).toEqual({ parents: [foreign] });
  });

  test("nothing new gives the very same status", () => {
    const existing = { conditions: [stored("Accepted", "True", EARLIER)] };
    expect(mergeStatus(existing, { conditions: [own("Accepted", "True")] }, OURS, NOW)).toBe(existing);
  });
});
