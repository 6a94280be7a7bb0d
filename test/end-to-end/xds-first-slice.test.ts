/**
 * Two HTTP and three HTTPS listeners (one port, three server names) in a real Envoy on one stream, under constant requests:
 * listeners are added, emptied, deleted and made again, backends and clusters change, the control plane restarts. After each
 * step every host answers within a second, and nobody else notices anything.
 */
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProxyGroup, startAdsServer } from "../../src/transport/index.ts";
import type { AdsServer } from "../../src/transport/index.ts";
import type { Fact, ResourceRecord } from "../../src/xds/index.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import { startEnvoy } from "../support/envoy-process.ts";
import type { EnvoyProcess } from "../support/envoy-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { fetchOnce, SteadyRequests } from "../support/steady-requests.ts";
import type { Target } from "../support/steady-requests.ts";
import {
  cluster,
  endpoints,
  httpListener,
  httpsListener,
  routeTable,
  secret,
  virtualHost,
} from "../support/xds-records.ts";

const serverNames = ["red.test", "green.test", "blue.test"] as const;

let backends: Server[] = [];
let backendPorts: number[] = [];
let secrets: ResourceRecord[] = [];
let ports: number[] = [];
let server: AdsServer;
let envoy: EnvoyProcess;
let group: ProxyGroup;
let wanted: ReadonlyMap<string, ResourceRecord> = new Map();
let sent: string[] = [];
let facts: Fact[] = [];

function newGroup(): ProxyGroup {
  return new ProxyGroup({
    sent: (_proxy, { resources, removedResources }) =>
      sent.push(...resources.map(({ name }) => name), ...removedResources.map((name) => `-${name}`)),
    learnt: (_proxy, learnt) => facts.push(...learnt),
  });
}

/** Makes this the wanted state, in one step. */
function want(records: readonly ResourceRecord[]): void {
  const next = new Map(records.map((record) => [`${record.kind} ${record.name}`, record]));
  const removals = [...wanted].filter(([key]) => !next.has(key)).map(([, record]) => record);
  wanted = next;
  group.apply({ upserts: records, removals });
}

/** Waits until the host answers so; fails when it takes a second. */
async function answersWithinASecond(target: Target, expected: string): Promise<void> {
  const until = performance.now() + 1_000;
  let answer = await fetchOnce(target);
  while (answer !== expected && performance.now() < until) answer = await fetchOnce(target);
  expect(`${target.host}: ${answer}`).toBe(`${target.host}: ${expected}`);
}

async function settled(): Promise<void> {
  await expect
    .poll(() => [...group.connections].map((proxy) => proxy.progress()), { timeout: 10_000, interval: 10 })
    .toEqual([{ underWay: 0, waiting: 0, pending: 0 }]);
}

const http = (port: number, host: string): Target => ({ port, host, isTls: false });
const https = (host: string): Target => ({ port: ports[3] ?? 0, host, isTls: true });

/** Backends with a cluster each. */
function backendRecords(names: readonly number[] = [0, 1, 2]): ResourceRecord[] {
  return names.flatMap((index) => [
    cluster(`backend-${index}`),
    endpoints(`backend-${index}`, [backendPorts[index] ?? 0]),
  ]);
}

function httpRecords(name: string, port: number, hosts: Readonly<Record<string, string>>): ResourceRecord[] {
  return [
    httpListener(name, port, name),
    routeTable(name),
    virtualHost(name, "*"),
    ...Object.entries(hosts).map(([domain, backend]) => virtualHost(name, domain, backend)),
  ];
}

function httpsRecords(names: readonly string[]): ResourceRecord[] {
  const chains = names.map((serverName) => ({ serverName, secret: serverName, table: `https-${serverName}` }));
  return [
    httpsListener("https", ports[3] ?? 0, chains),
    ...secrets.filter(({ name }) => names.includes(name)),
    ...chains.flatMap(({ table, serverName }) => [
      routeTable(table),
      virtualHost(table, "*"),
      virtualHost(table, serverName, "backend-0"),
    ]),
  ];
}

const first = (): ResourceRecord[] => httpRecords("first", ports[0] ?? 0, { "one.test": "backend-0" });
const second = (): ResourceRecord[] => httpRecords("second", ports[1] ?? 0, { "two.test": "backend-1" });

beforeAll(async () => {
  ports = await freePorts(5);
  backends = [0, 1, 2].map((index) => createServer((_request, response) => response.end(`backend ${index}`)));
  await Promise.all(
    backends.map(async (backend) => await new Promise<void>((listening) => backend.listen(0, "127.0.0.1", listening))),
  );
  backendPorts = backends.map((backend) => (backend.address() as AddressInfo).port);
  secrets = await Promise.all(
    serverNames.map(async (name) => {
      const { certificate, key } = await selfSignedCertificate(name);
      return secret(name, certificate, key);
    }),
  );
  group = newGroup();
  server = await startAdsServer({ listen: { host: "127.0.0.1", port: ports[4] ?? 0 }, admit: () => group });
  envoy = await startEnvoy({ xdsPort: ports[4] ?? 0, drainTimeSeconds: 1 });
});

afterAll(async () => {
  await envoy.stop();
  await server.close();
  for (const backend of backends) backend.close();
});

/** Runs the step while the given hosts are asked for all the time, and holds that they never answered otherwise. */
async function unnoticed(others: readonly (readonly [Target, string])[], step: () => Promise<void>): Promise<void> {
  const users = others.map(([target, expected]) => new SteadyRequests(target, expected, 10));
  try {
    await step();
  } finally {
    const reports = await Promise.all(users.map(async (user) => await user.stop()));
    expect(reports.map(({ wrong }) => wrong)).toEqual(others.map(() => []));
    expect(Math.min(...reports.map(({ count }) => count))).toBeGreaterThan(0);
  }
}

const one = (): [Target, string] => [http(ports[0] ?? 0, "one.test"), "200 backend 0"];
const two = (): [Target, string] => [http(ports[1] ?? 0, "two.test"), "200 backend 1"];
const secure = (name: string): [Target, string] => [https(name), "200 backend 0"];
const everybody = (): [Target, string][] => [one(), two(), ...serverNames.map(secure)];

async function everybodyAnswers(): Promise<void> {
  for (const [target, expected] of everybody()) await answersWithinASecond(target, expected);
}

test("five listeners answer, each for its host only", async () => {
  want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
  await everybodyAnswers();
  await answersWithinASecond(http(ports[0] ?? 0, "two.test"), "404 ");
  await answersWithinASecond(http(ports[1] ?? 0, "one.test"), "404 ");
});

test("a listener is added", async () => {
  await unnoticed(everybody(), async () => {
    const third = httpRecords("third", ports[2] ?? 0, { "three.test": "backend-2" });
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames), ...third]);
    await answersWithinASecond(http(ports[2] ?? 0, "three.test"), "200 backend 2");
    await settled();
  });
});

test("a listener is emptied and filled again", async () => {
  await unnoticed([one(), ...serverNames.map(secure)], async () => {
    const emptied = httpRecords("second", ports[1] ?? 0, {});
    want([...backendRecords(), ...first(), ...emptied, ...httpsRecords(serverNames)]);
    await answersWithinASecond(two()[0], "404 ");
    await settled();
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
    await answersWithinASecond(...two());
    await settled();
  });
});

test.for([0, 300, 2_500])("a listener is deleted and made again %d ms later", async (pauseMs) => {
  await unnoticed([one(), ...serverNames.map(secure)], async () => {
    want([...backendRecords(), ...first(), ...httpsRecords(serverNames)]);
    if (pauseMs > 0) {
      await answersWithinASecond(two()[0], "ECONNREFUSED");
      // The drain time of one second is part of what is tested: the listener comes back before or after its end.
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
    await answersWithinASecond(...two());
    await settled();
  });
  await everybodyAnswers();
});

test("an HTTPS listener is deleted and made again beside the others of its port", async () => {
  await unnoticed([one(), two(), secure("red.test"), secure("green.test")], async () => {
    for (let round = 0; round < 3; round += 1) {
      want([...backendRecords(), ...first(), ...second(), ...httpsRecords(["red.test", "green.test"])]);
      await answersWithinASecond(https("blue.test"), "ECONNRESET");
      want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
      await answersWithinASecond(...secure("blue.test"));
      await settled();
    }
  });
});

test("a certificate is replaced", async () => {
  await unnoticed(everybody(), async () => {
    const { certificate, key } = await selfSignedCertificate("red.test");
    secrets = secrets.map((old) => (old.name === "red.test" ? secret("red.test", certificate, key) : old));
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
    await settled();
  });
});

test("a cluster changes under its hosts, and a host moves to a new cluster and back", async () => {
  await unnoticed([one(), ...serverNames.map(secure)], async () => {
    for (let round = 0; round < 5; round += 1) {
      const changed = [
        cluster("backend-0", { connectTimeoutSeconds: 2 + round }),
        endpoints("backend-0", [backendPorts[0] ?? 0]),
      ];
      const moved = httpRecords("second", ports[1] ?? 0, { "two.test": "backend-2" });
      want([...backendRecords([2]), ...changed, ...first(), ...moved, ...httpsRecords(serverNames)]);
      await answersWithinASecond(two()[0], "200 backend 2");
      await settled();
      want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
      await answersWithinASecond(...two());
      await settled();
    }
  });
});

test("a refused host and a refused listener hurt nobody else", async () => {
  facts = [];
  await unnoticed(everybody(), async () => {
    const bad = { ...virtualHost("first", "bad.test"), bytes: new Uint8Array([255, 255, 255]), version: "bad" };
    const taken = httpListener("taken", backendPorts[0] ?? 0, "first");
    const good = ["a", "b", "c", "d"].map((name) => virtualHost("first", `${name}.test`, "backend-2"));
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames), ...good, bad, taken]);
    for (const name of ["a", "b", "c", "d"]) {
      await answersWithinASecond(http(ports[0] ?? 0, `${name}.test`), "200 backend 2");
    }
    await settled();
  });
  const refused = facts.filter((fact) => fact.kind === "refused").map(({ id }) => id);
  expect(refused).toEqual(
    expect.arrayContaining([
      { kind: "virtualHost", name: "first/bad.test" },
      { kind: "listener", name: "taken" },
    ]),
  );
  expect(refused).toHaveLength(2);
  want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
  await settled();
});

test("a refused certificate hurts nobody, nor the listeners that come after it", async () => {
  facts = [];
  const good = secrets;
  await unnoticed([one(), two(), secure("red.test"), secure("green.test")], async () => {
    const [{ certificate }, { key }] = await Promise.all([
      selfSignedCertificate("red.test"),
      selfSignedCertificate("red.test"),
    ]);
    secrets = good.map((old) => (old.name === "red.test" ? secret("red.test", certificate, key) : old));
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
    await settled();
    const chain = { serverName: "red.test", secret: "red.test", table: "https-red.test" };
    const later = httpsListener("later", ports[2] ?? 0, [chain]);
    want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames), later]);
    await answersWithinASecond({ ...https("red.test"), port: ports[2] ?? 0 }, "200 backend 0");
    await settled();
  });
  const refused = facts.filter((fact) => fact.kind === "refused").map(({ id }) => id);
  expect(refused).toEqual([{ kind: "secret", name: "red.test" }]);
  secrets = good;
  want([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
  await settled();
});

test("the control plane restarts: nothing is sent again, and changes made meanwhile arrive", async () => {
  await unnoticed([one(), ...serverNames.map(secure)], async () => {
    await settled();
    await server.close();
    sent = [];
    const restart = async (records: readonly ResourceRecord[]): Promise<void> => {
      group = newGroup();
      group.apply({ upserts: records, removals: [] });
      wanted = new Map(records.map((record) => [`${record.kind} ${record.name}`, record]));
      server = await startAdsServer({ listen: { host: "127.0.0.1", port: ports[4] ?? 0 }, admit: () => group });
      await expect.poll(() => group.connections.size, { timeout: 20_000 }).toBe(1);
    };
    await restart([...backendRecords(), ...first(), ...second(), ...httpsRecords(serverNames)]);
    await answersWithinASecond(...two());
    await settled();
    expect(sent).toEqual([]);
    await server.close();
    const moved = httpRecords("second", ports[1] ?? 0, { "two.test": "backend-2" });
    await restart([...backendRecords([0, 2]), ...first(), ...moved, ...httpsRecords(serverNames)]);
    await answersWithinASecond(two()[0], "200 backend 2");
    await settled();
    await expect.poll(() => sent, { timeout: 20_000 }).toEqual(["second/two.test", "-backend-1"]);
  });
});
