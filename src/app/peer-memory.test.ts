import { expect, test } from "vitest";
import type { ListenerKey, SocketKey } from "../model/index.ts";
import type { Condition, ObjectKey } from "../resources/index.ts";
import type { StoredObject, StoredStatus } from "../status/index.ts";
import { rememberedIn } from "./peer-memory.ts";

const OURS = "trilith.dev/gateway-controller";
const UID = "b8f9";
const condition = (type: string, status: "True" | "False", observedGeneration: number): Condition => ({
  type,
  status,
  reason: "R",
  message: "",
  observedGeneration,
  lastTransitionTime: "2026-11-24T12:00:00Z",
});
const parent = (name: string, controllerName: string, ...conditions: readonly Condition[]) => ({
  parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name },
  controllerName,
  conditions,
});

function memoryOf(key: string, status: StoredStatus) {
  const object: StoredObject = { apiVersion: "v1", kind: "Any", name: "any", uid: UID, resourceVersion: "1", status };
  return rememberedIn({ get: (asked) => (asked === key ? object : undefined) }, { get: () => undefined }, OURS);
}

test("a listener was programmed at the generation that its Gateway's stored status says, if it says so", () => {
  const memory = memoryOf("Gateway.gateway.networking.k8s.io/shop/web", {
    listeners: [
      { name: "http", conditions: [condition("Programmed", "True", 3)] },
      { name: "https", conditions: [condition("Programmed", "False", 3)] },
    ],
  });
  const asked = ["Gateway/shop/web/http", "Gateway/shop/web/https", "Gateway/shop/other/http"];
  expect(asked.map((listener) => memory.listener(listener as ListenerKey))).toEqual([
    { generation: 3, uid: UID },
    { generation: 0, uid: UID },
    { generation: 0 },
  ]);
});

test("a route was programmed at the generation that all of its parents here say", () => {
  const key = "HTTPRoute.gateway.networking.k8s.io/shop/cart" as ObjectKey;
  const both = memoryOf(key, {
    parents: [
      parent("web", OURS, condition("trilith.dev/Programmed", "True", 4)),
      parent("theirs", "example.com/other", condition("trilith.dev/Programmed", "True", 1)),
    ],
  });
  const one = memoryOf(key, {
    parents: [
      parent("web", OURS, condition("trilith.dev/Programmed", "True", 4)),
      parent("inner", OURS, condition("Accepted", "True", 4)),
    ],
  });
  expect([both.route(key, UID), one.route(key, UID), memoryOf("x", {}).route(key, UID)]).toEqual([4, 0, 0]);
  expect(both.route(key, "of one that was made since")).toBe(0);
  expect(both.listenersOf("shop/web/tcp/0.0.0.0/80" as SocketKey)).toEqual([]);
});
