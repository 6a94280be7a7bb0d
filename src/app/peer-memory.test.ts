import { expect, test } from "vitest";
import type { ListenerKey, Socket, SocketKey } from "../model/index.ts";
import type { Condition, ObjectKey } from "../resources/index.ts";
import type { StoredObject, StoredStatus } from "../status/index.ts";
import { rememberedIn } from "./peer-memory.ts";

const OURS = "trilith.dev/gateway-controller";
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

const GATEWAY = "Gateway.gateway.networking.k8s.io/shop/web";
const SET = "ListenerSet.gateway.networking.k8s.io/shop/more";
const SOCKET = "shop/web/tcp/0.0.0.0/80" as SocketKey;

/** What is stored, by its key; `listeners`: those of the socket. */
function memoryOf(statuses: Readonly<Record<string, StoredStatus>>, listeners: readonly string[] = []) {
  const socket = {
    gateway: { namespace: "shop", name: "web" },
    chains: listeners.map((listener) => ({ listeners: [listener as ListenerKey] })),
  };
  const objectOf = (key: string, status: StoredStatus): StoredObject => ({
    apiVersion: "v1",
    kind: "Any",
    name: "any",
    uid: `uid of ${key.replace(/\..*/, "")}`,
    resourceVersion: "1",
    status,
  });
  return rememberedIn(
    {
      get: (key) => {
        const status = statuses[key];
        return status && objectOf(key, status);
      },
    },
    { get: () => socket as unknown as Socket },
    OURS,
  );
}

test("a listener was programmed at the generation that its Gateway's stored status says, if it says so", () => {
  const memory = memoryOf(
    {
      [GATEWAY]: {
        listeners: [
          { name: "http", conditions: [condition("Programmed", "True", 3)] },
          { name: "https", conditions: [condition("Programmed", "False", 3)] },
        ],
      },
    },
    ["Gateway/shop/web/http", "Gateway/shop/web/https", "Gateway/shop/web/unknown"],
  );
  expect(memory.socket(SOCKET)).toEqual([{ listener: "Gateway/shop/web/http", generation: 3, uid: "uid of Gateway" }]);
});

test("a ListenerSet's status says nothing of a Gateway that was made again since", () => {
  const set = { listeners: [{ name: "more", conditions: [condition("Programmed", "True", 3)] }] };
  const { observedGeneration: _, ...unknown } = condition("Accepted", "False", 0);
  const of = (gateway: StoredStatus) =>
    memoryOf({ [GATEWAY]: gateway, [SET]: set }, ["ListenerSet/shop/more/more"]).socket(SOCKET);
  // As the API server makes a new one, and as it is when Trilith has written about both.
  expect([of({ conditions: [unknown] }), of({ conditions: [condition("Accepted", "True", 1)] })]).toEqual([
    [],
    [{ listener: "ListenerSet/shop/more/more", generation: 3, uid: "uid of ListenerSet/uid of Gateway" }],
  ]);
});

test("a route was programmed at the generation that all of its parents here say", () => {
  const key = "HTTPRoute.gateway.networking.k8s.io/shop/cart" as ObjectKey;
  const uid = "uid of HTTPRoute";
  const both = memoryOf({
    [key]: {
      parents: [
        parent("web", OURS, condition("trilith.dev/Programmed", "True", 4)),
        parent("theirs", "example.com/other", condition("trilith.dev/Programmed", "True", 1)),
      ],
    },
  });
  const one = memoryOf({
    [key]: {
      parents: [
        parent("web", OURS, condition("trilith.dev/Programmed", "True", 4)),
        parent("inner", OURS, condition("Accepted", "True", 4)),
      ],
    },
  });
  expect([both.route(key, uid), one.route(key, uid), memoryOf({}).route(key, uid)]).toEqual([4, 0, 0]);
  expect(both.route(key, "of one that was made since")).toBe(0);
});
