import { expect, test } from "vitest";
import type { EnvoyRecord } from "../envoy/index.ts";
import { type ProxyKey, sidecarKey } from "../model/index.ts";
import type { Delivery } from "./delivery-ledger.ts";
import { Readiness } from "./readiness.ts";
import { LOCAL_PROXY } from "./standalone-settings.ts";

const CART = sidecarKey("shop", "cart", "cart");
const WEB = sidecarKey("shop", "web", "web");

const listenerOf = (proxy: ProxyKey): EnvoyRecord =>
  ({ kind: "listener", name: `${proxy}/tcp/127.0.0.1/80`, needs: [], proxies: [proxy] }) as unknown as EnvoyRecord;

/** Listeners of Gateways and of two workloads, of which those in `answered` were answered. */
function world() {
  const records = new Map([LOCAL_PROXY, CART, WEB].map((proxy) => [proxy as string, listenerOf(proxy)]));
  const answered = new Set<ProxyKey>();
  const leftOut: ProxyKey[] = [];
  let now = 0;
  const deliveryTo = (proxy: ProxyKey): Delivery => ({ state: answered.has(proxy) ? "acknowledged" : "pending" });
  const readiness = new Readiness({
    records: { values: () => records.values(), get: (key) => records.get(key) },
    fleet: { connectedTo: () => 1, deliveryOf: () => ({ state: "pending" }), deliveryTo },
    isComplete: () => true,
    barrierOf: () => undefined,
    onLeftOut: (proxies) => leftOut.push(...proxies),
    clock: () => now,
  });
  return { readiness, answered, leftOut, pass: (ms: number) => (now += ms) };
}

test("Gateways' Envoy is waited for in any case, and a sidecar while it starts", () => {
  const { readiness, answered, leftOut } = world();
  const missing = (): string | undefined => readiness.missing(() => true);
  expect(missing()).toMatch(/^Envoy has not acknowledged 1 resources yet, first listener /);
  answered.add(LOCAL_PROXY).add(CART);
  expect(missing()).toMatch(/^the sidecar mesh\/shop\/web\/web has not acknowledged 1 resources yet/);
  answered.add(WEB);
  expect([missing(), leftOut]).toEqual([undefined, []]);
});

test("a sidecar that cannot start keeps nobody waiting, and is named", () => {
  const { readiness, answered, leftOut } = world();
  answered.add(LOCAL_PROXY);
  const missing = (): string | undefined => readiness.missing((proxy) => proxy !== WEB);
  expect(missing()).toMatch(/^the sidecar mesh\/shop\/cart\/cart /);
  answered.add(CART);
  expect([missing(), leftOut]).toEqual([undefined, [WEB]]);
});

test("one that says nothing is waited for no longer than a while from when Gateways are served", () => {
  const { readiness, answered, leftOut, pass } = world();
  const missing = (): string | undefined => readiness.missing(() => true);
  pass(60_000);
  expect(missing()).toMatch(/^Envoy /);
  answered.add(LOCAL_PROXY).add(CART);
  expect(missing()).toMatch(/^the sidecar /);
  pass(15_000);
  expect([missing(), missing(), leftOut]).toEqual([undefined, undefined, [WEB]]);
});
