import { expect, test } from "vitest";
import type { ResourceRecord, ResourceVersion } from "./resource.ts";
import { ScriptedProxy } from "./testing/scripted-proxy.ts";

const versionOf = (version: string): ResourceVersion => ({ version, bytes: new Uint8Array(1) });

const endpoints = (version: string, at: Readonly<Record<string, string>>): ResourceRecord => ({
  kind: "endpoints",
  name: "a",
  needs: [],
  ...versionOf(version),
  at: Object.fromEntries(Object.entries(at).map(([place, own]) => [place, versionOf(own)])),
});

const cluster: ResourceRecord = {
  kind: "cluster",
  name: "a",
  needs: [{ kind: "endpoints", name: "a" }],
  ...versionOf("1"),
};

/** What a proxy at these places is sent of the endpoints, at first and after a change. */
function sentTo(places: readonly string[], before: ResourceRecord, after: ResourceRecord): string[] {
  const proxy = new ScriptedProxy({ places });
  proxy.want([cluster, before]);
  proxy.request("cluster");
  proxy.ack("cluster");
  const first = proxy.request("endpoints", { subscribe: ["a"] });
  proxy.ack("endpoints");
  // On the wire, versions of endpoints have that of their cluster behind them.
  return [...first, ...proxy.want([after])].map((message) => message.replace(/^endpoints \+a=(.*)@1$/, "$1"));
}

test("a proxy has the version for the nearest of its places, and hears of no change elsewhere", () => {
  const before = endpoints("all", { "node/n1": "of-n1", "zone/east": "of-east" });
  const changes = {
    all: endpoints("others", { "node/n1": "of-n1", "zone/east": "of-east" }),
    n1: endpoints("all", { "node/n1": "new", "zone/east": "of-east" }),
    notNear: endpoints("all", {}),
  };
  const sentAt = (...places: readonly string[]): unknown[] =>
    Object.values(changes).map((after) => sentTo(places, before, after).join(", "));
  expect({
    nowhere: sentAt(),
    n1: sentAt("node/n1", "zone/east"),
    n2: sentAt("node/n2", "zone/east"),
    west: sentAt("node/n3", "zone/west"),
  }).toEqual({
    nowhere: ["all, others", "all", "all"],
    n1: ["of-n1", "of-n1, new", "of-n1, all"],
    n2: ["of-east", "of-east", "of-east, all"],
    west: ["all, others", "all", "all"],
  });
});

test("a proxy that comes back with what it had at its place is sent nothing", () => {
  const proxy = new ScriptedProxy({ places: ["node/n1"], catchUpMs: 1000 });
  proxy.want([cluster, endpoints("all", { "node/n1": "of-n1" })]);
  proxy.request("cluster", { has: { a: "1" } });
  expect(proxy.request("endpoints", { subscribe: ["a"], has: { a: "of-n1@1" } })).toEqual([]);
});
