import { expect, test } from "vitest";
import { placesOf, placeStatement } from "./place.ts";

test.each([
  ["a workload's, of a node and its zone", "east", "n1", true, ["workloads/n1", "workloads", "node/n1", "zone/east"]],
  ["a Gateway's", "east", "n1", false, ["node/n1", "zone/east"]],
  ["of a node whose zone nobody knows", "", "n1", true, ["workloads/n1", "workloads", "node/n1"]],
  ["that does not know its node, which leaves it everything", "", "", true, []],
])("the places of a proxy %s", (_, zone, node, isOfWorkload, places) => {
  expect(placesOf(placeStatement(zone, node), isOfWorkload)).toEqual(places);
});

test("a proxy that says nothing of itself is nowhere in particular", () => {
  expect(placesOf("", true)).toEqual([]);
});
