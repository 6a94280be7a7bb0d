import { expect, test } from "vitest";
import type { ShownResource } from "../app/index.ts";
import { mergeReplicas } from "./cluster-resources.ts";

const shown = (name: string, delivery: string, proxies: number): ShownResource => ({
  kind: "listener",
  name,
  version: "1",
  bytes: 1,
  origins: [],
  delivery,
  proxies,
  resource: {},
});

const merged = (...lists: readonly (readonly ShownResource[])[]): readonly string[] =>
  mergeReplicas(lists).map(({ name, delivery, proxies }) => `${name} ${delivery} ${proxies}`);

test("of a resource that several replicas have Envoys for, the worst that became of it counts", () => {
  expect(
    merged(
      [shown("all", "acknowledged", 2), shown("late", "acknowledged", 2), shown("bad", "refused: no", 1)],
      [shown("all", "acknowledged", 1), shown("late", "pending", 1), shown("bad", "pending", 1)],
    ),
  ).toEqual(["all acknowledged 3", "bad refused: no 2", "late pending 3"]);
});

test("what a replica says that has no Envoys for it counts only when no replica has any", () => {
  expect(
    merged(
      [shown("here", "pending", 0), shown("nowhere", "acknowledged", 0)],
      [shown("here", "acknowledged", 1), shown("nowhere", "pending", 0), shown("new", "pending", 0)],
    ),
  ).toEqual(["here acknowledged 1", "new pending 0", "nowhere pending 0"]);
});
