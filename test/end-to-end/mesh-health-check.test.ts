/** Health checks of a backend in the mesh, between two real Envoys: they go by mutual TLS, as requests do, and to nobody but who is wanted. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BackendPolicy } from "../../src/model/index.ts";
import { spiffeId } from "../../src/model/index.ts";
import { freePorts } from "../support/free-ports.ts";
import { entryOf, forwardTo, httpModelOf, matchOf, ruleOf, weighted } from "../support/http-model.ts";
import { identityBy, MeshProxy, newRoot, workloadRecords } from "../support/mesh-proxy.ts";
import { recordsOf } from "../support/model-records.ts";
import { MoodyServer } from "../support/moody-server.ts";
import { rawRequest } from "../support/raw-request.ts";

const CALLER = spiffeId("cluster.local", "shop", "web");
const WORKLOAD = spiffeId("cluster.local", "shop", "cart");
const POLLED = { timeout: 20_000, interval: 10 };

const policy: BackendPolicy = {
  healthCheck: {
    probe: { kind: "http", path: "/healthz", method: "GET" },
    intervalMs: 100,
    timeoutMs: 5_000,
    healthyThreshold: 1,
    unhealthyThreshold: 1,
  },
  usesAllWhenNoneHealthy: false,
};

let workload: MoodyServer;
let caller: MeshProxy;
let callee: MeshProxy;
let ports: { readonly outbound: number; readonly inbound: number };

beforeEach(async () => {
  const [outbound = 0, inbound = 0] = await freePorts(2);
  ports = { outbound, inbound };
  workload = await MoodyServer.start("cart");
  caller = new MeshProxy("mesh/shop/web");
  callee = new MeshProxy("mesh/shop/cart");
});

afterEach(async () => {
  await caller.stop();
  await callee.stop();
  await workload.stop();
});

/** A caller for whom the endpoint has this identity. */
async function start(expected: string): Promise<void> {
  const { outbound, inbound } = ports;
  const entry = entryOf(matchOf("/"), ruleOf("all", forwardTo(weighted("cart"))));
  const model = httpModelOf(outbound, [{ domain: "*", entries: [entry] }], new Map([["cart", inbound]]));
  const records = recordsOf({
    ...model,
    backends: (model.backends ?? []).map((backend) => ({ ...backend, policy })),
    endpointSets: (model.endpointSets ?? []).map((set) => ({
      ...set,
      endpoints: set.endpoints.map((endpoint) => ({ ...endpoint, identity: expected })),
    })),
  });
  const root = await newRoot();
  await callee.start(workloadRecords(inbound, workload.port), await identityBy(root, WORKLOAD), root.roots);
  await callee.settled();
  await caller.start(records, await identityBy(root, CALLER), root.roots);
  await caller.settled();
}

/** 0 while nobody listens yet. */
const ask = (): Promise<number> =>
  rawRequest({ port: ports.outbound, host: "cart.shop" }).then(
    ({ status }) => status,
    () => 0,
  );

test("a workload is checked by mutual TLS, and gets requests while it is well", async () => {
  await start(WORKLOAD);
  await expect.poll(ask, POLLED).toBe(200);
  expect([...workload.checkedHosts]).toEqual(["cart.test"]);
  workload.health = 503;
  await expect.poll(ask, POLLED).toBe(503);
  workload.health = 200;
  await expect.poll(ask, POLLED).toBe(200);
});

test("nobody else than who is wanted is checked, or called", async () => {
  await start(spiffeId("cluster.local", "shop", "stock"));
  await expect.poll(ask, POLLED).toBe(503);
  await expect.poll(() => caller.stat("ssl.fail_verify_san"), POLLED).toBeGreaterThan(2);
  expect({ checks: workload.checks, requests: workload.requests }).toEqual({ checks: 0, requests: 0 });
});
