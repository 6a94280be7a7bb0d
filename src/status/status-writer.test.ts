import { expect, onTestFinished, test } from "vitest";
import { Graph, type Source } from "../collections/index.ts";
import { ApiError } from "../kubernetes/index.ts";
import { PausedTimers } from "../kubernetes/testing/paused-timers.ts";
import { type OwnCondition, objectKeyOf } from "../resources/index.ts";
import type { StatedStatus } from "./merge-status.ts";
import type { StatedObject } from "./status-book.ts";
import { StatusWriter, type StatusWriteEvent } from "./status-writer.ts";
import type { SentObject } from "./stored-objects.ts";
import { MemoryApi } from "./testing/memory-api.ts";

const OURS = "trilith.dev/gateway-controller";
const NOW = "2026-11-24T12:00:00Z";
const API_VERSION = "gateway.networking.k8s.io/v1";

const objectOf = (kind: string, name: string, rest: Partial<SentObject> = {}): SentObject => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { namespace: "shop", name, generation: 1 },
  ...rest,
});
const own = (type: string, status: "True" | "False", observedGeneration = 1): OwnCondition => ({
  type,
  status,
  reason: "R",
  message: "",
  observedGeneration,
});
const web = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "web" };
const routeStatus = (...conditions: readonly OwnCondition[]): StatedStatus => ({
  parents: [{ parentRef: web, controllerName: OURS, conditions }],
});
const storedRoute = (...conditions: readonly OwnCondition[]) => ({
  parents: [
    {
      parentRef: web,
      controllerName: OURS,
      conditions: conditions.map((condition) => ({ ...condition, lastTransitionTime: NOW })),
    },
  ],
});
const foreign = {
  parentRef: { ...web, name: "theirs" },
  controllerName: "example.com/other",
  conditions: [{ ...own("Accepted", "True"), lastTransitionTime: NOW }],
};
const gatewayStatus = (attachedRoutes: number): StatedStatus & object =>
  ({ conditions: [own("Accepted", "True")], listeners: [{ name: "http", attachedRoutes, conditions: [] }] }) as never;

interface World {
  readonly api: MemoryApi;
  readonly timers: PausedTimers;
  readonly writer: StatusWriter;
  readonly events: StatusWriteEvent["kind"][];
  readonly state: (object: SentObject, status: StatedStatus | undefined, isPassing?: true) => void;
}

function world({ maxConcurrent = 16, isLeading = true } = {}): World {
  const graph = new Graph();
  const stated: Source<StatedObject> = graph.source({ name: "statuses", key: ({ key }) => key });
  const [api, timers, events] = [new MemoryApi(), new PausedTimers(), [] as StatusWriteEvent["kind"][]];
  const writer = new StatusWriter({
    client: api,
    stated,
    stored: api,
    controllerName: OURS,
    maxConcurrent,
    timers,
    clock: () => new Date(NOW),
    random: () => 0,
    onEvent: ({ kind }) => events.push(kind),
  });
  graph.subscribe(stated, (changes) => writer.take(changes));
  if (isLeading) writer.start();
  onTestFinished(() => writer.stop());
  const state = (object: SentObject, status: StatedStatus | undefined, isPassing?: true): void => {
    const { apiVersion, kind, metadata } = object;
    const { namespace, name, generation = 0 } = metadata;
    const identity = {
      key: objectKeyOf(object),
      apiVersion,
      kind,
      ...(namespace !== undefined && { namespace }),
      name,
    };
    if (status === undefined) stated.delete(identity.key);
    else stated.set({ ...identity, generation, ...(isPassing && { isPassing }), status });
  };
  return { api, timers, writer, events, state };
}

test("a new route's verdict is written nearly at once, together with the proxies' answer right behind it", async () => {
  const { api, timers, state } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put(route);
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(10);
  state(route, routeStatus(own("Accepted", "True"), own("trilith.dev/Programmed", "True")));
  await timers.pass(10);
  expect([api.written, api.statusOf(route)]).toEqual([
    ["cart"],
    storedRoute(own("Accepted", "True"), own("trilith.dev/Programmed", "True")),
  ]);
});

test("a verdict that is expected to change at once waits for that, though not for long", async () => {
  const { api, timers, state } = world();
  const [quick, slow] = [objectOf("HTTPRoute", "quick"), objectOf("HTTPRoute", "slow")];
  const pending = routeStatus(own("Accepted", "True"), own("trilith.dev/Programmed", "False"));
  const programmed = routeStatus(own("Accepted", "True"), own("trilith.dev/Programmed", "True"));
  for (const route of [quick, slow]) {
    api.put(route);
    // What is expected of proxies is known a moment after the verdict.
    state(route, pending);
    state(route, pending, true);
  }
  await timers.pass(40);
  expect(api.written).toEqual([]);
  state(quick, programmed);
  await timers.pass(0);
  expect(api.written).toEqual(["quick"]);
  await timers.pass(20);
  expect(api.written).toEqual(["quick", "slow"]);
  state(slow, programmed);
  await timers.pass(15);
  expect(api.written).toEqual(["quick", "slow", "slow"]);
});

test("what is stored already is not written", async () => {
  const { api, timers, state, writer } = world();
  const route = objectOf("HTTPRoute", "cart", { status: storedRoute(own("Accepted", "True")) });
  api.put(route);
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(60_000);
  expect([api.written, writer.backlog]).toEqual([[], 0]);
});

test("what another controller wrote in between stays, though the watch has not brought it yet", async () => {
  const { api, timers, state, events } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put(route);
  api.put({ ...route, status: { parents: [foreign] } }, { isSeen: false });
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  expect([events, api.statusOf(route)]).toEqual([
    ["conflict", "written"],
    { parents: [foreign, ...storedRoute(own("Accepted", "True")).parents] },
  ]);
});

test("an object that changed since it was judged is left for the new judgement", async () => {
  const { api, timers, state, events } = world();
  const route = objectOf("HTTPRoute", "cart");
  const edited = { ...route, metadata: { ...route.metadata, generation: 2 } };
  api.put(route);
  api.put(edited, { isSeen: false });
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(1_000);
  expect([events, api.written]).toEqual([["conflict"], []]);
  api.see(edited);
  state(edited, routeStatus(own("Accepted", "False", 2)));
  await timers.pass(20);
  expect(api.statusOf(route)).toEqual(storedRoute(own("Accepted", "False", 2)));
});

test("an object that is gone is forgotten", async () => {
  const { api, timers, state, writer } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put(route);
  api.remove(route);
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  expect([api.written, writer.backlog]).toEqual([[], 0]);
});

test("a Gateway to which 500 routes are added is written twice, and has the last count 45 ms after the last route", async () => {
  const { api, timers, state } = world();
  const gateway = objectOf("Gateway", "web");
  api.put(gateway);
  state(gateway, gatewayStatus(0));
  await timers.pass(20);
  expect(api.written.splice(0)).toEqual(["web"]);
  for (let routes = 1; routes <= 500; routes += 1) {
    state(gateway, gatewayStatus(routes));
    await timers.pass(5);
  }
  await timers.pass(45);
  expect([api.written.length, api.statusOf(gateway)?.listeners]).toEqual([
    2,
    [{ name: "http", attachedRoutes: 500, conditions: [] }],
  ]);
});

test("routes that come slowly do not make a write of each, and the pause behind the last one is seen", async () => {
  const { api, timers, state } = world();
  const gateway = objectOf("Gateway", "web");
  api.put(gateway);
  state(gateway, gatewayStatus(0));
  await timers.pass(20);
  for (let routes = 1; routes <= 30; routes += 1) {
    state(gateway, gatewayStatus(routes));
    await timers.pass(100);
  }
  await timers.pass(400);
  // With the first verdict, the first route, and when no more came.
  expect([api.written.length, api.statusOf(gateway)?.listeners]).toEqual([
    3,
    [{ name: "http", attachedRoutes: 30, conditions: [] }],
  ]);
});

test("a count waits for verdicts that are about to be written, and goes right behind the last of them", async () => {
  const { api, timers, state } = world();
  const gateway = objectOf("Gateway", "web");
  api.put(gateway);
  state(gateway, gatewayStatus(0));
  await timers.pass(20);
  for (let routes = 1; routes <= 50; routes += 1) {
    const route = objectOf("HTTPRoute", `cart-${routes}`);
    api.put(route);
    state(route, routeStatus(own("Accepted", "True")), true);
    state(gateway, gatewayStatus(routes));
    // The count is due all the while: only the verdicts, of which one is always to come, keep it back.
    await timers.pass(45);
  }
  expect(api.written.filter((name) => name === "web")).toEqual(["web"]);
  await timers.pass(20);
  expect([api.written.length, api.written.at(-1), api.statusOf(gateway)?.listeners]).toEqual([
    52,
    "web",
    [{ name: "http", attachedRoutes: 50, conditions: [] }],
  ]);
});

test("a count does not wait for an object whose verdict changes all the time, or that the server refuses", async () => {
  const { api, timers, state } = world();
  const [gateway, fought, refused] = [
    objectOf("Gateway", "web"),
    objectOf("HTTPRoute", "fought"),
    objectOf("HTTPRoute", "refused"),
  ];
  for (const object of [gateway, fought, refused]) api.put(object);
  state(gateway, gatewayStatus(0));
  await timers.pass(20);
  for (let change = 0; change < 20; change += 1) {
    state(fought, routeStatus(own("Accepted", change % 2 === 0 ? "True" : "False")));
    await timers.pass(200);
  }
  api.failures.push(new ApiError("invalid", "no", { httpStatus: 422 }));
  state(refused, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  state(fought, routeStatus(own("Accepted", "True"), own("ResolvedRefs", "True")));
  state(gateway, gatewayStatus(1));
  await timers.pass(60);
  expect(api.statusOf(gateway)?.listeners).toEqual([{ name: "http", attachedRoutes: 1, conditions: [] }]);
});

test("a count that never stands still is written every few seconds, and soon when it does", async () => {
  const { api, timers, state } = world();
  const gateway = objectOf("Gateway", "web");
  api.put(gateway);
  for (let routes = 0; routes <= 2_200; routes += 1) {
    state(gateway, gatewayStatus(routes));
    await timers.pass(10);
  }
  expect(api.written.length).toBe(6);
  await timers.pass(45);
  expect([api.written.length, api.statusOf(gateway)?.listeners]).toEqual([
    7,
    [{ name: "http", attachedRoutes: 2_200, conditions: [] }],
  ]);
});

test("of what changes while it is being written, only the newest is written afterwards", async () => {
  const { api, timers, state } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put(route);
  const { promise, resolve } = Promise.withResolvers<void>();
  api.gate = promise;
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  state(route, routeStatus(own("Accepted", "False")));
  state(route, routeStatus(own("Accepted", "True"), own("ResolvedRefs", "False")));
  resolve();
  await timers.pass(20);
  expect([api.written, api.statusOf(route)]).toEqual([
    ["cart", "cart"],
    storedRoute(own("Accepted", "True"), own("ResolvedRefs", "False")),
  ]);
});

test("objects that nobody has judged yet come first, and counts last", async () => {
  const { api, timers, state } = world({ maxConcurrent: 1 });
  const [gateway, judged, fresh] = [
    objectOf("Gateway", "web"),
    objectOf("HTTPRoute", "judged"),
    objectOf("HTTPRoute", "fresh"),
  ];
  const condition = { ...own("Accepted", "True"), lastTransitionTime: NOW };
  api.put({ ...gateway, status: { conditions: [condition], listeners: [] } });
  api.put({ ...judged, status: storedRoute(own("Accepted", "True")) });
  api.put(fresh);
  const { promise, resolve } = Promise.withResolvers<void>();
  api.gate = promise;
  const busy = objectOf("HTTPRoute", "busy");
  api.put(busy);
  state(busy, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  state(gateway, { conditions: [{ ...own("Accepted", "True"), message: "other words" }], listeners: [] });
  state(judged, routeStatus(own("Accepted", "False")));
  state(fresh, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  resolve();
  await timers.pass(25);
  expect(api.written).toEqual(["busy", "fresh", "judged", "web"]);
});

test("a count that has waited its longest waits for nothing that comes after it", async () => {
  const { api, timers, state } = world({ maxConcurrent: 1 });
  const gateway = objectOf("Gateway", "web");
  const [busy, before, after] = [
    objectOf("HTTPRoute", "busy"),
    objectOf("HTTPRoute", "before"),
    objectOf("HTTPRoute", "after"),
  ];
  for (const object of [gateway, busy, before, after]) api.put(object);
  state(gateway, gatewayStatus(0));
  await timers.pass(20);
  const { promise, resolve } = Promise.withResolvers<void>();
  api.gate = promise;
  state(busy, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  state(before, routeStatus(own("Accepted", "True")));
  state(gateway, gatewayStatus(1));
  await timers.pass(5_000);
  state(after, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  resolve();
  await timers.pass(20);
  expect(api.written).toEqual(["web", "busy", "before", "web", "after"]);
});

test("a server that wants to be left alone is, and then everything is written", async () => {
  const { api, timers, state, events } = world();
  api.failures.push(new ApiError("throttled", "too many requests", { httpStatus: 429, retryAfterMs: 3_000 }));
  const routes = ["a", "b", "c"].map((name) => objectOf("HTTPRoute", name));
  for (const route of routes) {
    api.put(route);
    state(route, routeStatus(own("Accepted", "True")));
    await timers.pass(100);
  }
  await timers.pass(2_700);
  expect([events, api.written]).toEqual([["unavailable"], []]);
  await timers.pass(20);
  expect(api.written.toSorted()).toEqual(["a", "b", "c"]);
});

test("a server that is away is asked ever less often, and never by more than one at a time", async () => {
  const { api, timers, state, events } = world();
  const away = Array.from({ length: 6 }, () => new ApiError("unreachable", "connection refused"));
  api.failures.push(...away);
  for (const name of ["a", "b"]) {
    const route = objectOf("HTTPRoute", name);
    api.put(route);
    state(route, routeStatus(own("Accepted", "True")));
  }
  await timers.pass(500);
  expect(events.length).toBe(3);
  await timers.pass(6_000);
  expect([api.failures.length, api.written.toSorted()]).toEqual([0, ["a", "b"]]);
});

test("what the server refuses is tried again when it changes, or much later", async () => {
  const { api, timers, state, events } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put(route);
  api.failures.push(...Array.from({ length: 2 }, () => new ApiError("invalid", "too long", { httpStatus: 422 })));
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(29_000);
  expect(events).toEqual(["refused"]);
  await timers.pass(2_000);
  expect(events).toEqual(["refused", "refused"]);
  state(route, routeStatus(own("Accepted", "False")));
  await timers.pass(20);
  expect(events).toEqual(["refused", "refused", "written"]);
});

test("entries of ours that nothing stands behind any more are taken away, those of others stay", async () => {
  const { api, timers, state } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put({ ...route, status: { parents: [foreign, ...storedRoute(own("Accepted", "True")).parents] } });
  state(route, routeStatus(own("Accepted", "True")));
  state(route, undefined);
  await timers.pass(20);
  expect(api.statusOf(route)).toEqual({ parents: [foreign] });
});

test("whoever becomes leader compares everything once and writes only what differs", async () => {
  const { api, timers, state, writer } = world({ isLeading: false });
  const [right, wrong, left] = ["right", "wrong", "left"].map((name) => objectOf("HTTPRoute", name)) as [
    SentObject,
    SentObject,
    SentObject,
  ];
  for (const route of [right, wrong, left]) api.put({ ...route, status: storedRoute(own("Accepted", "True")) });
  state(right, routeStatus(own("Accepted", "True")));
  state(wrong, routeStatus(own("Accepted", "False")));
  await timers.pass(1_000);
  expect(api.written).toEqual([]);
  writer.start();
  await timers.pass(20);
  expect([api.written.toSorted(), api.statusOf(left)]).toEqual([["left", "wrong"], { parents: [] }]);
});

test("whoever leads no longer writes nothing more, not even what is in line", async () => {
  const { api, timers, state, writer } = world();
  const { promise, resolve } = Promise.withResolvers<void>();
  api.gate = promise;
  for (const name of ["a", "b"]) {
    const route = objectOf("HTTPRoute", name);
    api.put(route);
    state(route, routeStatus(own("Accepted", "True")));
  }
  await timers.pass(20);
  const stopping = writer.stop();
  resolve();
  await stopping;
  await timers.pass(60_000);
  expect(api.written).toEqual([]);
});

test("somebody who takes our entry away finds it written again", async () => {
  const { api, timers, state, writer } = world();
  const route = objectOf("HTTPRoute", "cart");
  api.put(route);
  state(route, routeStatus(own("Accepted", "True")));
  await timers.pass(20);
  api.put({ ...route, status: { parents: [foreign] } });
  writer.look([objectKeyOf(route)]);
  await timers.pass(20);
  expect(api.statusOf(route)).toEqual({ parents: [foreign, ...storedRoute(own("Accepted", "True")).parents] });
});

test("a status that is too long for the server is shortened, and written once", async () => {
  const { api, timers, state, writer } = world();
  const route = objectOf("HTTPRoute", "cart");
  const others = Array.from({ length: 31 }, (_, index) => ({
    ...foreign,
    parentRef: { ...web, name: `theirs-${index}` },
  }));
  api.put({ ...route, status: { parents: others } });
  const condition = { ...own("Accepted", "False"), message: "x".repeat(40_000) };
  const entry = { parentRef: web, controllerName: OURS, conditions: [condition] };
  state(route, { parents: [entry, { ...entry, parentRef: { ...web, name: "second" } }] });
  await timers.pass(20);
  api.see(route);
  writer.look([objectKeyOf(route)]);
  await timers.pass(2_000);
  const parents = api.statusOf(route)?.parents ?? [];
  expect([
    api.written,
    parents.length,
    parents.at(-1)?.parentRef?.name,
    parents.at(-1)?.conditions[0]?.message.length,
  ]).toEqual([["cart"], 32, "web", 32_768]);
});
