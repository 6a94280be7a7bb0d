import { expect, test } from "vitest";
import type { EnvoyRecord } from "../envoy/index.ts";
import { PausedTimers } from "../kubernetes/testing/paused-timers.ts";
import { proxyKey } from "../model/index.ts";
import { type KnownObject, objectKeyOf } from "../resources/index.ts";
import type { Delivery } from "./delivery-ledger.ts";
import { createEngine } from "./engine.ts";
import { ReportWriter } from "./report-writer.ts";
import { standaloneSettings } from "./standalone-settings.ts";

const web = proxyKey("shop/web");
const route: KnownObject = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { namespace: "shop", name: "cart", generation: 3, uid: "1" },
  spec: { parentRefs: [], hostnames: [], rules: [] },
} as unknown as KnownObject;
const host = {
  kind: "virtualHost",
  name: "table/cart.example.com",
  version: "1",
  needs: [],
  proxies: [web],
  origins: ["HTTPRoute/shop/cart#0"],
} as unknown as EnvoyRecord;

/** A route whose host a proxy is sent when `create` is called, and takes when `acknowledge` is. */
function world() {
  const engine = createEngine(standaloneSettings({ bindAddress: "0.0.0.0" }));
  const records = engine.graph.source<EnvoyRecord>({ name: "records", key: ({ kind, name }) => `${kind}/${name}` });
  const timers = new PausedTimers();
  let delivery: Delivery = { state: "pending" };
  const fleet = {
    connectedTo: () => 1,
    deliveryTo: () => delivery,
    hasHostOf: () => true,
    proxiesOf: () => [web],
  };
  const writer = new ReportWriter({ engine, records, fleet, timers }, engine.driven);
  const reported: (number | undefined)[] = [];
  engine.graph.subscribe(engine.driven.routeReports, (changes) =>
    reported.push(...changes.map(({ after }) => after?.generation)),
  );
  return {
    timers,
    reported,
    create: (): void => {
      engine.applyChanges([{ kind: "set", key: objectKeyOf(route), object: route }]);
      records.set(host);
    },
    acknowledge: async (): Promise<void> => {
      delivery = { state: "acknowledged" };
      writer.touch(["virtualHost/table/cart.example.com"]);
      await timers.pass(0);
    },
  };
}

test("a route that a proxy takes at once is reported once", async () => {
  const { timers, reported, create, acknowledge } = world();
  create();
  await acknowledge();
  await timers.pass(100);
  expect(reported).toEqual([3]);
});

test("a route that a proxy is slow to take is reported before it has", async () => {
  const { timers, reported, create, acknowledge } = world();
  create();
  await timers.pass(10);
  expect(reported).toEqual([0]);
  await acknowledge();
  expect(reported).toEqual([0, 3]);
});
