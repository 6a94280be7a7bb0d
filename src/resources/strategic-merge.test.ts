import { describe, expect, test } from "vitest";
import type { JsonObject } from "./json.ts";
import { strategicMerge } from "./strategic-merge.ts";

const pod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
const podAfter = (before: JsonObject, patch: JsonObject): unknown => strategicMerge(pod(before), pod(patch));
const envoy = { name: "envoy", image: "envoy:1", env: [{ name: "A", value: "1" }] };

test("fields are merged, others stay, and a null or a directive takes one away", () => {
  const before = { metadata: { labels: { a: "1", b: "2" }, annotations: { c: "3" } }, spec: { type: "LoadBalancer" } };
  expect([
    strategicMerge(before, { metadata: { labels: { b: null, d: "4" }, annotations: { $patch: "delete" } } }),
    strategicMerge(before, { metadata: { labels: { $patch: "replace", e: "5" } } }),
    strategicMerge({}, { spec: { a: { b: null, c: "1" } } }),
  ]).toEqual([
    { object: { metadata: { labels: { a: "1", d: "4" } }, spec: { type: "LoadBalancer" } } },
    { object: { metadata: { labels: { e: "5" }, annotations: { c: "3" } }, spec: { type: "LoadBalancer" } } },
    { object: { spec: { a: { c: "1" } } } },
  ]);
});

describe("lists", () => {
  test("of what has a name are merged by it, and new items come last", () => {
    const patch = {
      containers: [
        { name: "log", image: "log:1" },
        { name: "envoy", env: [{ name: "B", value: "2" }] },
      ],
    };
    expect(podAfter({ containers: [envoy] }, patch)).toEqual({
      object: pod({
        containers: [
          { ...envoy, env: [...envoy.env, { name: "B", value: "2" }] },
          { name: "log", image: "log:1" },
        ],
      }),
    });
  });

  test("lose items, have them replaced, or are replaced as a whole, where a directive says so", () => {
    const before = { containers: [envoy, { name: "log", image: "log:1" }] };
    const containersAfter = (...containers: readonly JsonObject[]): unknown => podAfter(before, { containers });
    expect([
      containersAfter({ name: "log", $patch: "delete" }),
      containersAfter({ name: "log", $patch: "replace", command: ["a"] }),
      containersAfter({ $patch: "replace" }, { name: "other" }),
    ]).toEqual([
      { object: pod({ containers: [envoy] }) },
      { object: pod({ containers: [envoy, { name: "log", command: ["a"] }] }) },
      { object: pod({ containers: [{ name: "other" }] }) },
    ]);
  });

  test("of values, and of items without a name, are replaced", () => {
    const before = { tolerations: [{ key: "a" }], containers: [{ name: "envoy", args: ["a"] }] };
    const patch = { tolerations: [{ key: "b" }], containers: [{ name: "envoy", args: ["b", "c"] }] };
    expect(podAfter(before, patch)).toEqual({ object: pod(patch) });
  });

  test("of ports tell TCP from UDP, which one says or does not say", () => {
    const ports = [
      { port: 53, protocol: "TCP", targetPort: 53 },
      { port: 53, protocol: "UDP", targetPort: 53 },
    ];
    expect(strategicMerge({ spec: { ports } }, { spec: { ports: [{ port: 53, nodePort: 30053 }] } })).toEqual({
      object: { spec: { ports: [{ ...ports[0], nodePort: 30053 }, ports[1]] } },
    });
  });
});

test("what cannot be merged is told with its place", () => {
  const at = (path: string): string => `spec.template.spec.${path}`;
  expect([
    podAfter({ containers: [envoy] }, { containers: { name: "envoy" } }),
    podAfter({}, { containers: [{ image: "log:1" }] }),
    podAfter({}, { containers: [{ name: "log", volumeMounts: [{ name: "a" }] }] }),
    podAfter({}, { volumes: ["a"] }),
    podAfter({}, { $setElementOrder: [] }),
    podAfter({}, { affinity: { $patch: "keep" } }),
  ]).toEqual(
    [
      { path: at("containers"), message: "is a list" },
      { path: at("containers[]"), message: "has an item without name, by which its items are merged" },
      {
        path: at("containers[name=log].volumeMounts[]"),
        message: "has an item without mountPath, by which its items are merged",
      },
      { path: at("volumes"), message: "has an item that is no object" },
      { path: "spec.template.spec", message: "has $setElementOrder, a directive that Trilith does not know" },
      { path: at("affinity"), message: "has $patch: keep, which must be merge, replace or delete" },
    ].map((problem) => ({ problem })),
  );
});

test("names that objects have by themselves are names like others", () => {
  const patch = JSON.parse('{"metadata":{"annotations":{"__proto__":"a","constructor":"b"}}}') as JsonObject;
  expect(JSON.stringify(strategicMerge({}, patch))).toBe(JSON.stringify({ object: patch }));
});
