/** A real Envoy of ours and a control plane that speaks to it over the socket in their state directory. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Cluster_DiscoveryType, ClusterSchema } from "../../src/generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  bootstrapOf,
  claimStateDirectory,
  findEnvoy,
  portProblemOfRefusal,
  startProxy,
} from "../../src/proxy/index.ts";
import type { ProxyEvent, ProxyProcess, StateDirectory } from "../../src/proxy/index.ts";
import { ProxyGroup, startAdsServer } from "../../src/transport/index.ts";
import type { AdsServer } from "../../src/transport/index.ts";
import type { Fact, ResourceRecord } from "../../src/xds/index.ts";
import { freePorts } from "../support/free-ports.ts";
import { fetchOnce } from "../support/steady-requests.ts";
import { httpListener, routeTable, virtualHost } from "../support/xds-records.ts";

let path: string;
let directory: StateDirectory;
let proxy: ProxyProcess;
let server: AdsServer;
let group: ProxyGroup;
let sent: string[];
let facts: Fact[];
let events: ProxyEvent[];

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), "trilith-stream-"));
  directory = await claimStateDirectory(path);
  events = [];
  await listen();
  await run();
});

afterEach(async () => {
  await proxy.stop({ now: true });
  await server.close();
  await directory.release();
  rmSync(path, { recursive: true });
});

async function listen(): Promise<void> {
  sent = [];
  facts = [];
  group = new ProxyGroup({
    sent: (_proxy, { resources }) => sent.push(...resources.map(({ name }) => name)),
    learnt: (_proxy, learnt) => facts.push(...learnt),
  });
  server = await startAdsServer({ listen: { path: directory.adsSocket }, admit: () => group });
}

async function run(): Promise<void> {
  const named = process.env["TRILITH_ENVOY"];
  const bootstrap = bootstrapOf({
    node: { id: "test", cluster: "test" },
    controlPlane: { path: directory.adsSocket },
    adminSocket: directory.adminSocket,
    limits: { maxConnections: 100, maxHeapBytes: 500_000_000 },
  });
  proxy = await startProxy({
    envoyPath: await findEnvoy(named === undefined ? {} : { explicitPath: named }),
    stateDirectory: directory,
    bootstrap,
    concurrency: 1,
    onEvent: (event) => events.push(event),
  });
}

function listenerRecords(name: string, port: number): ResourceRecord[] {
  return [httpListener(name, port, `${name}-table`), routeTable(`${name}-table`), virtualHost(`${name}-table`, "*")];
}

async function answers(port: number): Promise<void> {
  await expect
    .poll(async () => await fetchOnce({ port, host: "a.test", isTls: false }), { timeout: 10_000, interval: 20 })
    .toBe("404 ");
}

test("a control plane that comes back on the same socket finds the same Envoy, which has everything still", async () => {
  const [first = 0, second = 0] = await freePorts(2);
  const { pid } = proxy;
  group.apply({ upserts: listenerRecords("one", first), removals: [] });
  await answers(first);
  await proxy.leave();
  await server.close();
  await directory.release();
  directory = await claimStateDirectory(path);
  await listen();
  await run();
  const since = performance.now();
  group.apply({ upserts: [...listenerRecords("one", first), ...listenerRecords("two", second)], removals: [] });
  await answers(second);
  expect({ pid: proxy.pid, isSoon: performance.now() - since < 5_000, resent: sent.includes("one") }).toEqual({
    pid,
    isSoon: true,
    resent: false,
  });
  expect(events.filter(({ kind }) => kind === "started")).toEqual([
    { kind: "started", pid, isAdopted: false },
    { kind: "started", pid, isAdopted: true },
  ]);
});

test("a listener whose port is taken says so, and the others serve", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port: taken } = other.address() as AddressInfo;
  const [free = 0] = await freePorts(1);
  group.apply({ upserts: [...listenerRecords("taken", taken), ...listenerRecords("free", free)], removals: [] });
  await answers(free);
  await expect
    .poll(() => facts.filter(({ kind }) => kind === "refused").length, { timeout: 10_000 })
    .toBeGreaterThan(0);
  const refusals = facts.flatMap((fact) =>
    fact.kind === "refused" ? [[fact.id.name, portProblemOfRefusal(fact.message)]] : [],
  );
  other.close();
  expect(refusals.at(-1)).toEqual(["taken", "taken"]);
});

test("a cluster serves once its first health check was answered, and is warming until then", async () => {
  const checks: ServerResponse[] = [];
  const backend = createServer((_request, response) => void checks.push(response));
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const record = checkedCluster("checked", (backend.address() as AddressInfo).port);
  group.apply({ upserts: [record], removals: [] });
  await expect.poll(() => checks.length, { timeout: 10_000, interval: 20 }).toBe(1);
  const before = [await proxy.warmingClusters(), await proxy.servingClusterVersions(["checked"])];
  checks[0]?.end();
  await expect.poll(async () => await proxy.warmingClusters(), { timeout: 10_000, interval: 20 }).toEqual([]);
  const after = await proxy.servingClusterVersions(["checked", "unknown"]);
  backend.closeAllConnections();
  backend.close();
  expect({ before, after }).toEqual({
    before: [["checked"], new Map()],
    after: new Map([["checked", record.version]]),
  });
});

function checkedCluster(name: string, port: number): ResourceRecord {
  const address = {
    address: {
      case: "socketAddress" as const,
      value: { address: "127.0.0.1", portSpecifier: { case: "portValue" as const, value: port } },
    },
  };
  const endpoint = { hostIdentifier: { case: "endpoint" as const, value: { address } } };
  const bytes = toBinary(
    ClusterSchema,
    create(ClusterSchema, {
      name,
      clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
      connectTimeout: { seconds: 1n },
      loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [endpoint] }] },
      healthChecks: [
        {
          timeout: { seconds: 20n },
          interval: { seconds: 20n },
          healthyThreshold: 1,
          unhealthyThreshold: 1,
          healthChecker: { case: "httpHealthCheck", value: { path: "/" } },
        },
      ],
    }),
  );
  return { kind: "cluster", name, version: createHash("sha256").update(bytes).digest("hex"), bytes, needs: [] };
}
