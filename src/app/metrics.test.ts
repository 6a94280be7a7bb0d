import { expect, test } from "vitest";
import { ApiError } from "../kubernetes/index.ts";
import { proxyKey, sidecarKey } from "../model/index.ts";
import { objectKey } from "../resources/index.ts";
import type { StoredObject } from "../status/index.ts";
import { createEngine } from "./engine.ts";
import { Metrics } from "./metrics.ts";
import { proxyCountsOf } from "./proxy-counts.ts";
import { standaloneSettings } from "./standalone-settings.ts";

const route = (name: string) =>
  objectKey({ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop", name });

const stored: StoredObject = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  namespace: "shop",
  name: "cart",
  resourceVersion: "1",
};
const counts = new Map([
  [proxyKey("shop/web"), { connected: 2, current: 1 }],
  [proxyKey("shop/admin"), { connected: 1, current: 1 }],
  [sidecarKey("shop", "cart"), { connected: 5, current: 4 }],
]);
const readings = {
  engine: createEngine(standaloneSettings({ bindAddress: "0.0.0.0" })),
  resources: 0,
  proxies: proxyCountsOf({
    proxies: () => counts.keys(),
    countOf: (proxy) => counts.get(proxy) ?? { connected: 0, current: 0 },
  }),
  ready: true,
  diagnostics: [],
};

async function seriesOf(metrics: Metrics, about: RegExp): Promise<readonly string[]> {
  const { text } = await metrics.render(readings);
  return text.split("\n").filter((line) => about.test(line));
}

test("a replica says how many Envoys it serves and how many of them are in sync, whatever their number of Gateways", async () => {
  expect(await seriesOf(new Metrics(), /^trilith_proxies/)).toEqual([
    'trilith_proxies_connected{role="gateway"} 3',
    'trilith_proxies_connected{role="sidecar"} 5',
    'trilith_proxies_in_sync{role="gateway"} 2',
    'trilith_proxies_in_sync{role="sidecar"} 4',
  ]);
});

test("statuses are counted by kind and outcome, not by object, and Events that were not written by cause", async () => {
  const metrics = new Metrics({ writesStatuses: true });
  const { statuses } = metrics;
  for (const name of ["cart", "search"])
    statuses?.countWrite({ kind: "written", key: route(name), before: stored, after: stored, tookMs: 40 });
  statuses?.countWrite({ kind: "conflict", key: route("cart") });
  statuses?.countWrite({ kind: "refused", key: route("cart"), error: new ApiError("invalid", "no") });
  statuses?.countDropped("failed");
  expect(await seriesOf(metrics, /^trilith_(status_write(s_total|_seconds_(sum|count))|events)/)).toEqual([
    'trilith_status_writes_total{kind="HTTPRoute",outcome="written"} 2',
    'trilith_status_writes_total{kind="HTTPRoute",outcome="conflict"} 1',
    'trilith_status_writes_total{kind="HTTPRoute",outcome="refused"} 1',
    "trilith_status_write_seconds_sum 0.08",
    "trilith_status_write_seconds_count 2",
    'trilith_events_dropped_total{cause="rationed"} 0',
    'trilith_events_dropped_total{cause="failed"} 1',
  ]);
});

test("a Trilith that writes no statuses says nothing of them", async () => {
  expect(await seriesOf(new Metrics(), /trilith_(status|events)/)).toEqual([]);
});
