import { expect, test } from "vitest";
import type { ResourceId, ResourceRecord } from "./resource.ts";
import type { SessionOptions } from "./session.ts";
import { ScriptedProxy } from "./testing/scripted-proxy.ts";

const record = ({ kind, name }: ResourceId, version = 1, needs: readonly ResourceId[] = []): ResourceRecord => ({
  kind,
  name,
  version: String(version),
  bytes: new Uint8Array(1),
  needs,
});
const scope = (name: string): ResourceRecord => record({ kind: "routeScope", name });
const table = (name: string): ResourceRecord => record({ kind: "routeTable", name });
const host = (name: string): ResourceRecord => record({ kind: "virtualHost", name });
const scoped = (name: string, version = 1): ResourceRecord =>
  record({ kind: "listener", name }, version, [
    { kind: "routeScope", name },
    { kind: "routeTable", name },
  ]);
const whole = (name: string): ResourceRecord[] => [scoped(name), scope(name), table(name), host(`${name}/*`)];

/** A proxy whose listener "t" follows scopes. */
function followingProxy(options: SessionOptions = {}): ScriptedProxy {
  const proxy = new ScriptedProxy(options);
  proxy.want(whole("t"));
  proxy.request("cluster");
  proxy.request("listener");
  proxy.request("routeScope");
  proxy.ack("listener");
  proxy.request("routeTable", { subscribe: ["t"] });
  proxy.ack("routeScope");
  proxy.ack("routeTable");
  proxy.request("virtualHost");
  proxy.ack("virtualHost");
  expect(proxy.session.progress()).toEqual({ underWay: 0, waiting: 0, pending: 0 });
  return proxy;
}

test("route scopes go to a proxy whose first listener with scopes waits for them", () => {
  const proxy = new ScriptedProxy();
  proxy.want(whole("t"));
  proxy.request("cluster");
  expect(proxy.request("listener")).toEqual(["listener +t=1"]);
  expect(proxy.request("routeScope")).toEqual(["routeScope +t=1"]);
});

test("route scopes of two listeners that begin to follow them, one goes first, the other when its hosts are there", () => {
  const proxy = new ScriptedProxy();
  proxy.want([...whole("t"), ...whole("u")]);
  proxy.request("cluster");
  expect(proxy.request("listener")).toEqual(["listener +t=1"]);
  expect(proxy.request("routeScope")).toEqual(["routeScope +t=1 +u=1"]);
  expect(proxy.ack("listener")).toEqual([]);
  expect(proxy.request("routeTable", { subscribe: ["t", "u"] })).toEqual(["routeTable +t=1 +u=1"]);
  proxy.ack("routeScope");
  proxy.request("virtualHost");
  expect(proxy.ack("routeTable")).toEqual(["virtualHost +t/*=1 +u/*=1"]);
  expect(proxy.ack("virtualHost")).toEqual(["listener +u=1"]);
});

test("route scopes of a further listener go before it", () => {
  const proxy = followingProxy();
  expect(proxy.want(whole("u"))).toEqual(["routeScope +u=1"]);
  proxy.ack("routeScope");
  proxy.request("routeTable", { subscribe: ["u"] });
  proxy.ack("routeTable");
  expect(proxy.ack("virtualHost")).toEqual(["listener +u=1"]);
});

test("route scopes are sent again after a listener, since they are asked for once", () => {
  const proxy = followingProxy();
  expect(proxy.want([scoped("t", 2)])).toEqual(["listener +t=2"]);
  expect(proxy.ack("listener")).toEqual(["routeScope +t=1"]);
});

test("route scopes that nobody needs stay while listeners may drain", () => {
  const proxy = followingProxy({ drainMs: 60_000 });
  const ids = (["listener", "routeScope", "routeTable"] as const).map((kind) => ({ kind, name: "t" }));
  expect(proxy.want([], [...ids, { kind: "virtualHost", name: "t/*" }])).toEqual(["listener -t"]);
  proxy.ack("listener");
  proxy.now = 59_999;
  expect(proxy.tell({ kind: "tick" })).toEqual([]);
  expect(proxy.session.deadline()).toBe(60_000);
  proxy.now = 60_000;
  expect(proxy.tell({ kind: "tick" })).toEqual(["routeScope -t"]);
});

test("route scopes all go again after a listener that may be the first to follow them, also those of one that was refused", () => {
  const proxy = new ScriptedProxy();
  proxy.want([...whole("t"), ...whole("u")]);
  proxy.request("cluster");
  proxy.request("listener");
  proxy.request("routeScope");
  proxy.ack("routeScope");
  expect(proxy.nack("listener")).toEqual(["listener +u=1"]);
  expect(proxy.ack("listener")).toEqual(["routeScope +t=1 +u=1"]);
});
