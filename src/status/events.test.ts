import { expect, onTestFinished, test } from "vitest";
import { Graph } from "../collections/index.ts";
import { type ApiCall, type ApiClient, ApiError } from "../kubernetes/index.ts";
import { PausedTimers } from "../kubernetes/testing/paused-timers.ts";
import type { Condition, ObjectKey } from "../resources/index.ts";
import type { FoundProblem, News } from "./event-news.ts";
import { EventRecorder } from "./event-recorder.ts";
import type { StoredStatus } from "./merge-status.ts";
import { ObjectNews } from "./object-news.ts";
import type { StoredObject } from "./stored-objects.ts";

const OURS = "trilith.dev/gateway-controller";
const NOW = "2026-11-24T12:00:00Z";
const key = "HTTPRoute.gateway.networking.k8s.io/shop/cart" as ObjectKey;
const parentRef = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "web" };

const condition = (type: string, status: "True" | "False", reason: string, message = ""): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: NOW,
});
const routeStatus = (...conditions: readonly Condition[]): StoredStatus => ({
  parents: [{ parentRef, controllerName: OURS, conditions }],
});
const stored = (status: StoredStatus | undefined, rest: Partial<StoredObject> = {}): StoredObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  namespace: "shop",
  name: "cart",
  uid: "1",
  resourceVersion: "7",
  ...(status && { status }),
  ...rest,
});
const problem = (code: string, rest: Partial<FoundProblem> = {}): FoundProblem => ({
  key: `${key}|${code}`,
  object: key,
  severity: "error",
  code,
  message: "No such Service",
  ...rest,
});

/** Events that were recorded of a route, in short. */
function newsWorld() {
  const [timers, told] = [new PausedTimers(), [] as string[]];
  const graph = new Graph();
  const findings = graph.source<FoundProblem>({ name: "findings", key: (found) => found.key });
  const state = { isLeading: true, object: stored(undefined) };
  const news = new ObjectNews({
    recorder: { record: (_, { type, reason, note }: News) => told.push(`${type} ${reason}: ${note}`) },
    stored: { get: () => state.object },
    controllerName: OURS,
    isLeading: () => state.isLeading,
    timers,
  });
  onTestFinished(() => news[Symbol.dispose]());
  graph.subscribe(findings, (changes) => news.takeFound(changes));
  const write = (before: StoredStatus | undefined, after: StoredStatus): void => {
    state.object = stored(after);
    news.takeWritten({ key, before: stored(before), after: stored(after) });
  };
  return { timers, told, findings, state, write };
}

test("a route that is no longer accepted is told of once, in the words of what was found", () => {
  const { told, findings, write } = newsWorld();
  const good = routeStatus(condition("Accepted", "True", "Accepted"));
  const bad = routeStatus(condition("Accepted", "False", "NotAllowedByListeners", "not from here"));
  write(undefined, good);
  findings.set(problem("route-not-allowed-by-listeners", { path: "spec.parentRefs[0]", message: "not from here" }));
  write(good, bad);
  write(bad, routeStatus(condition("Accepted", "False", "NotAllowedByListeners", "still not")));
  expect(told).toEqual(["Warning NotAllowedByListeners: spec.parentRefs[0]: not from here"]);
});

test("what is only on its way is no news, and neither are conditions of others", () => {
  const { told, write } = newsWorld();
  write(undefined, {
    ...routeStatus(condition("Accepted", "True", "Accepted"), condition("trilith.dev/Programmed", "False", "Pending")),
    conditions: [condition("example.com/Fine", "False", "Bad")],
  });
  write(undefined, {
    parents: [
      { parentRef, controllerName: "example.com/other", conditions: [condition("Accepted", "False", "NoWay")] },
    ],
  });
  expect(told).toEqual([]);
});

test("a Gateway tells which listener is bad, and where it is reached", () => {
  const { told, write } = newsWorld();
  const listeners = [
    { name: "https", conditions: [condition("ResolvedRefs", "False", "InvalidCertificateRef", "no Secret")] },
  ];
  const addressed = { conditions: [], addresses: [{ type: "IPAddress", value: "10.0.0.1" }] };
  write(undefined, { conditions: [], listeners });
  write({ conditions: [] }, addressed);
  write(addressed, { ...addressed, conditions: [condition("Accepted", "True", "Accepted")] });
  expect(told).toEqual([
    "Warning InvalidCertificateRef: Listener https: no Secret",
    "Normal AddressAssigned: It is reached at 10.0.0.1",
  ]);
});

test("a finding that no condition tells is told when it has stayed for a moment, with its advice", async () => {
  const { timers, told, findings } = newsWorld();
  findings.set(
    problem("all-weights-zero", { severity: "warning", message: "All weights are 0", advice: "Give one a weight" }),
  );
  findings.set(problem("short-lived"));
  findings.set(problem("by-the-way", { severity: "info" }));
  await timers.pass(1_000);
  findings.delete(`${key}|short-lived`);
  expect(told).toEqual([]);
  await timers.pass(1_000);
  expect(told).toEqual(["Warning AllWeightsZero: All weights are 0. Give one a weight"]);
});

test("a finding that a condition tells is not told twice", async () => {
  const { timers, told, findings, write } = newsWorld();
  findings.set(problem("reference-backend-not-found"));
  write(undefined, routeStatus(condition("ResolvedRefs", "False", "BackendNotFound", "No such Service")));
  await timers.pass(5_000);
  expect(told).toEqual(["Warning BackendNotFound: No such Service"]);
});

test("a replica that does not lead tells nothing, and as a new leader does not repeat what was found before", async () => {
  const { timers, told, findings, state } = newsWorld();
  state.isLeading = false;
  findings.set(problem("all-weights-zero"));
  await timers.pass(5_000);
  state.isLeading = true;
  await timers.pass(5_000);
  expect(told).toEqual([]);
});

/** What the recorder sends, in short. */
function recorderWorld() {
  const [timers, sent, dropped] = [new PausedTimers(), [] as ApiCall[], [] as string[]];
  let failure: ApiError | undefined;
  const client: ApiClient = {
    request: async <Answer>(call: ApiCall): Promise<Answer> => {
      await Promise.resolve();
      if (failure) throw failure;
      sent.push(call);
      return {} as Answer;
    },
    // oxlint-disable-next-line require-yield -- nobody watches here
    async *stream<Document>(): AsyncGenerator<Document> {
      await Promise.reject(new ApiError("failed", "there is no watch here"));
    },
  };
  const recorder = new EventRecorder({
    client,
    controllerName: OURS,
    instance: "trilith-0",
    timers,
    clock: () => new Date(Date.parse(NOW) + timers.now()),
    onDropped: (cause) => dropped.push(cause),
  });
  const fail = (error: ApiError): void => {
    failure = error;
  };
  return { timers, sent, dropped, recorder, fail };
}
const bad = (note: string, reason = "BackendNotFound"): News => ({
  type: "Warning",
  reason,
  action: "Translate",
  note,
});

test("an Event is written beside its object", async () => {
  const { sent, recorder } = recorderWorld();
  recorder.record(stored(undefined), bad("No such Service"));
  await recorder[Symbol.asyncDispose]();
  expect(sent).toEqual([
    {
      method: "POST",
      path: "/apis/events.k8s.io/v1/namespaces/shop/events",
      body: {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { namespace: "shop", name: `cart.${Date.parse(NOW).toString(16)}1` },
        eventTime: "2026-11-24T12:00:00.000000Z",
        reportingController: OURS,
        reportingInstance: "trilith-0",
        type: "Warning",
        reason: "BackendNotFound",
        action: "Translate",
        note: "No such Service",
        regarding: {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "HTTPRoute",
          namespace: "shop",
          name: "cart",
          uid: "1",
          resourceVersion: "7",
        },
      },
    },
  ]);
});

test("the same again is only counted, and that every few minutes", async () => {
  const { timers, sent, recorder } = recorderWorld();
  for (let minute = 0; minute < 12; minute += 1) {
    recorder.record(stored(undefined), bad("No such Service"));
    await timers.pass(60_000);
  }
  expect(sent.map(({ method, body }) => [method, (body as { series?: { count: number } }).series?.count])).toEqual([
    ["POST", undefined],
    ["PATCH", 6],
    ["PATCH", 11],
  ]);
});

test("an object has at most three for the same reason in an hour, whatever they say", async () => {
  const { timers, sent, dropped, recorder } = recorderWorld();
  for (let index = 0; index < 10; index += 1) recorder.record(stored(undefined), bad(`Attempt ${index}`));
  recorder.record(stored(undefined), bad("another reason", "NoMatchingParent"));
  await timers.pass(3_600_000);
  recorder.record(stored(undefined), bad("an hour later"));
  await recorder[Symbol.asyncDispose]();
  expect([sent.length, dropped.length]).toEqual([5, 7]);
});

test("thousands of objects that break at once get few, and then one every half second", async () => {
  const { timers, sent, recorder } = recorderWorld();
  for (let index = 0; index < 5_000; index += 1)
    recorder.record(stored(undefined, { uid: String(index) }), bad("No such Service"));
  await timers.pass(5_000);
  expect(sent.length).toBe(25);
  for (let index = 0; index < 5_000; index += 1)
    recorder.record(stored(undefined, { uid: `${index}b` }), bad("No such Service"));
  await timers.pass(0);
  expect(sent.length).toBe(35);
});

test("an Event of something without a namespace is in the default one, and a long note is cut", async () => {
  const { sent, recorder } = recorderWorld();
  const { namespace: _, ...gatewayClass } = stored(undefined, { kind: "GatewayClass", name: "trilith" });
  recorder.record(gatewayClass, bad("ä".repeat(2_000)));
  await recorder[Symbol.asyncDispose]();
  const bodies = sent.map(({ body }) => body as { metadata: { namespace: string }; note: string });
  expect(
    bodies.map(({ metadata, note }) => [metadata.namespace, Buffer.byteLength(note) <= 1_024, note.endsWith("ä …")]),
  ).toEqual([["default", true, true]]);
});

test("an Event that cannot be written is dropped", async () => {
  const { dropped, recorder, fail } = recorderWorld();
  fail(new ApiError("forbidden", "no"));
  recorder.record(stored(undefined), bad("No such Service"));
  await recorder[Symbol.asyncDispose]();
  expect(dropped).toEqual(["failed"]);
});
