import { expect, onTestFinished, test } from "vitest";
import { PausedTimers } from "../kubernetes/testing/paused-timers.ts";
import { captureRules } from "../mesh/index.ts";
import type { RedirectedPod } from "./redirected-pod.ts";
import { RedirectionError } from "./redirection-error.ts";
import { Redirections } from "./redirections.ts";

const capture = { excludedInboundPorts: [9090], excludedOutboundPorts: [], excludedOutboundNetworks: [] };

const podAt = (name: string, address: string, rest: Partial<RedirectedPod> = {}): RedirectedPod => ({
  key: `shop/${name}`,
  namespace: "shop",
  name,
  uid: name,
  resourceVersion: "1",
  capture,
  addresses: [address],
  sidecar: `${name}-1`,
  ...rest,
});

/** A node whose namespaces are where `failures` has nothing for their address. */
function nodeWorld() {
  const [timers, applied, told] = [new PausedTimers(), [] as string[], [] as string[]];
  const failures = new Map<string, RedirectionError>();
  const redirections = new Redirections({
    apply: async ([address = ""], rules) => {
      await Promise.resolve();
      const failure = failures.get(address);
      if (failure) throw failure;
      applied.push(rules === captureRules(capture) ? address : rules);
    },
    onRedirected: ({ key }) => told.push(`${key} redirected`),
    onFailure: ({ key }, { code, message }) => told.push(`${key} ${code}: ${message}`),
    timers,
  });
  onTestFinished(() => redirections[Symbol.asyncDispose]());
  const set = (...pods: readonly RedirectedPod[]): void =>
    redirections.take(pods.map((item) => ({ kind: "set", name: item.key, item })));
  const remove = (name: string): void => redirections.take([{ kind: "delete", name: `shop/${name}` }]);
  return { timers, applied, told, failures, redirections, set, remove };
}

test("a pod is redirected as it asks for when its sidecar runs, and not again while the same one runs there", async () => {
  const { timers, applied, redirections, set } = nodeWorld();
  set(podAt("cart", "10.0.0.7", { sidecar: undefined }), podAt("web", "10.0.0.8", { addresses: [] }));
  await timers.pass(60_000);
  expect([applied, redirections.counts()]).toEqual([[], { waiting: 2, redirected: 0, failing: 0 }]);
  set(podAt("cart", "10.0.0.7"));
  set(podAt("cart", "10.0.0.7", { resourceVersion: "2" }));
  await timers.pass(60_000);
  expect([applied, redirections.counts()]).toEqual([["10.0.0.7"], { waiting: 1, redirected: 1, failing: 0 }]);
});

test("it is redirected again with another sidecar, or at another address: its network may be another one", async () => {
  const { timers, applied, set } = nodeWorld();
  set(podAt("cart", "10.0.0.7"));
  await timers.pass(0);
  set(podAt("cart", "10.0.0.7", { sidecar: "cart-2" }));
  await timers.pass(0);
  set(podAt("cart", "10.0.0.9", { sidecar: "cart-2" }));
  await timers.pass(0);
  expect(applied).toEqual(["10.0.0.7", "10.0.0.7", "10.0.0.9"]);
});

test("a sidecar that does not listen yet is waited for, and nobody is told unless it takes long", async () => {
  const { timers, told, failures, redirections, set } = nodeWorld();
  failures.set("10.0.0.7", new RedirectionError("notListening", "nobody there"));
  set(podAt("cart", "10.0.0.7"));
  await timers.pass(9_000);
  expect([told, redirections.counts()]).toEqual([[], { waiting: 1, redirected: 0, failing: 0 }]);
  await timers.pass(3_000);
  expect([told, redirections.counts()]).toEqual([
    ["shop/cart notListening: nobody there"],
    { waiting: 0, redirected: 0, failing: 1 },
  ]);
  failures.clear();
  await timers.pass(2_000);
  expect([told.at(-1), redirections.counts()]).toEqual([
    "shop/cart redirected",
    { waiting: 0, redirected: 1, failing: 0 },
  ]);
});

test("what the kernel does not take is told at once, and tried again", async () => {
  const { timers, told, failures, set } = nodeWorld();
  failures.set("10.0.0.7", new RedirectionError("refused", "nft: no"));
  set(podAt("cart", "10.0.0.7"));
  await timers.pass(0);
  failures.clear();
  await timers.pass(100);
  expect(told).toEqual(["shop/cart refused: nft: no", "shop/cart redirected"]);
});

test("a pod that asks for what is not understood gets nothing", async () => {
  const { timers, applied, told, set } = nodeWorld();
  set(podAt("cart", "10.0.0.7", { capture: { problem: "not known" } }));
  await timers.pass(0);
  expect([applied, told]).toEqual([[], ["shop/cart refused: not known"]]);
});

test("of two pods that are said to have one address neither is touched, until one of them has another", async () => {
  const { timers, applied, told, set } = nodeWorld();
  set(podAt("old", "10.0.0.7"), podAt("new", "10.0.0.7"));
  await timers.pass(0);
  expect([applied, told]).toEqual([
    [],
    [
      "shop/old ambiguous: shop/new is said to have its address, too",
      "shop/new ambiguous: shop/old is said to have its address, too",
    ],
  ]);
  set(podAt("old", "10.0.0.8"));
  await timers.pass(2_000);
  expect(applied).toEqual(["10.0.0.8", "10.0.0.7"]);
});

test("a pod that is gone is not tried any more", async () => {
  const { timers, applied, failures, redirections, set, remove } = nodeWorld();
  failures.set("10.0.0.7", new RedirectionError("noNamespace", "not there"));
  set(podAt("cart", "10.0.0.7"));
  await timers.pass(0);
  remove("cart");
  failures.clear();
  await timers.pass(60_000);
  expect([applied, redirections.counts()]).toEqual([[], { waiting: 0, redirected: 0, failing: 0 }]);
});
