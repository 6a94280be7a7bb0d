/** Clusters that lead to a listener of the same proxy: as what a sidecar is told of an address with routes. */
import { expect, test } from "vitest";
import type { ResourceId, ResourceRecord } from "./resource.ts";
import { ScriptedProxy } from "./testing/scripted-proxy.ts";

const record = (id: ResourceId, version: number, needs: readonly ResourceId[] = []): ResourceRecord => ({
  ...id,
  version: String(version),
  bytes: new Uint8Array(1),
  needs,
});

const leading = (version: number, needs: readonly ResourceId[]): ResourceRecord =>
  record({ kind: "cluster", name: "leading" }, version, needs);

const listener: ResourceId = { kind: "listener", name: "t" };
const table: ResourceId = { kind: "routeTable", name: "t" };

/** Has a listener with a table that has one host; the answer is not in yet for the host alone. */
function proxyWithListener(): ScriptedProxy {
  const proxy = new ScriptedProxy();
  proxy.want([record(listener, 1, [table]), record(table, 1), record({ kind: "virtualHost", name: "t/x" }, 1)]);
  proxy.request("cluster");
  proxy.ack("cluster");
  proxy.request("listener");
  proxy.ack("listener");
  proxy.request("routeTable", { subscribe: ["t"] });
  proxy.request("virtualHost");
  expect(proxy.ack("routeTable")).toEqual(["virtualHost +t/x=1"]);
  return proxy;
}

test("it goes out when the listener takes traffic, though clusters come before listeners otherwise", () => {
  const proxy = proxyWithListener();
  expect(proxy.want([leading(1, [listener])])).toEqual([]);
  expect(proxy.ack("virtualHost")).toEqual(["cluster +leading=1"]);
});

test("it is led elsewhere before the listener goes", () => {
  const proxy = proxyWithListener();
  proxy.ack("virtualHost");
  proxy.want([leading(1, [listener])]);
  proxy.ack("cluster");
  expect(proxy.want([leading(2, [])], [listener])).toEqual(["cluster +leading=2"]);
  expect(proxy.ack("cluster")).toEqual(["listener -t"]);
});
