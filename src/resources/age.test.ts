import { expect, test } from "vitest";
import { compareByAge } from "./age.ts";
import type { KubernetesObject } from "./types/meta.ts";

function named(name: string, creationTimestamp?: string, namespace = "shop"): KubernetesObject {
  const metadata = { name, namespace, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) };
  return { apiVersion: "v1", kind: "Service", metadata };
}

test("the older object comes first, whatever its name and time zone", () => {
  const older = named("z", "2026-01-01T01:00:00+02:00");
  const newer = named("a", "2026-01-01T00:00:00Z");
  expect([newer, older].sort(compareByAge)).toEqual([older, newer]);
});

test("objects of the same age are sorted by namespace and name", () => {
  const objects = [named("b", undefined, "y"), named("a", undefined, "y"), named("z", undefined, "x")];
  expect(objects.sort(compareByAge).map(({ metadata }) => metadata.name)).toEqual(["z", "a", "b"]);
});

test("an object without a creation time counts as the newest", () => {
  const objects = [named("a"), named("b", "2026-01-01T00:00:00Z")];
  expect(objects.sort(compareByAge).map(({ metadata }) => metadata.name)).toEqual(["b", "a"]);
});
