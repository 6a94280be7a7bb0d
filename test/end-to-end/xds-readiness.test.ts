/**
 * A route is sent to a real Envoy only when its clusters serve, not when they are acknowledged: shown with a secret that comes
 * late, a backend whose first health check takes its time, and a control plane that dies in between. Users ask all the time.
 */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProxyGroup, startAdsServer } from "../../src/transport/index.ts";
import type { AdsServer } from "../../src/transport/index.ts";
import type { Fact, ResourceRecord, SessionProgress } from "../../src/xds/index.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import { startEnvoy } from "../support/envoy-process.ts";
import type { EnvoyProcess } from "../support/envoy-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { fetchOnce, SteadyRequests } from "../support/steady-requests.ts";
import { authoritySecret, cluster, endpoints, httpListener, routeTable, virtualHost } from "../support/xds-records.ts";

const host = "one.test";
const servers: Server[] = [];
let facts: Fact[] = [];
let port: number;
let group: ProxyGroup;
let server: AdsServer;
let envoy: EnvoyProcess;

async function listen(backend: Server): Promise<number> {
  servers.push(backend);
  await new Promise<void>((listening) => backend.listen(0, "127.0.0.1", listening));
  return (backend.address() as AddressInfo).port;
}

const answering =
  (text: string): RequestListener =>
  (_request, response) =>
    response.end(text);

async function start(holdMs: number): Promise<void> {
  const [free = 0] = await freePorts(1);
  port = free;
  facts = [];
  group = new ProxyGroup({ learnt: (_proxy, learnt) => facts.push(...learnt) }, { holdMs });
  server = await startAdsServer({ listen: { host: "127.0.0.1", port: 0 }, admit: () => group });
  envoy = await startEnvoy({ xdsPort: "port" in server.address ? server.address.port : 0 });
  const old = await listen(createServer(answering("old")));
  want(
    cluster("old"),
    endpoints("old", [old]),
    httpListener("http", port, "http"),
    routeTable("http"),
    virtualHost("http", host, "old"),
  );
  await expect.poll(ask, { timeout: 5_000, interval: 10 }).toBe("200 old");
}

function want(...upserts: ResourceRecord[]): void {
  group.apply({ upserts, removals: [] });
}

const ask = async (): Promise<string> => await fetchOnce({ port, host, isTls: false });

/** Which answers users got while the step ran, without repetitions, and how many they asked for. */
async function answersDuring(step: () => Promise<void>): Promise<string[]> {
  // Whatever is not "old" is noted.
  const user = new SteadyRequests({ port, host, isTls: false }, "200 old", 5);
  await step();
  const { count, wrong } = await user.stop();
  expect(count).toBeGreaterThan(5);
  return [...new Set(wrong)];
}

beforeEach(() => {
  facts = [];
});

afterEach(async () => {
  await envoy.stop();
  await server.close();
  for (const backend of servers.splice(0)) backend.close();
});

test("a host waits for the secret of its new cluster, and nobody gets a wrong answer", async () => {
  await start(15_000);
  const { certificate, key } = await selfSignedCertificate("backend.test");
  const secure = await listen(createTlsServer({ cert: certificate, key }, answering("secure")));
  const answers = await answersDuring(async () => {
    want(cluster("secure", { authority: "ca" }), endpoints("secure", [secure]), virtualHost("http", host, "secure"));
    for (let round = 0; round < 30; round += 1) expect(await ask()).toBe("200 old");
    want(authoritySecret("ca", certificate));
    await expect.poll(ask, { timeout: 1_000, interval: 5 }).toBe("200 secure");
    for (let round = 0; round < 30; round += 1) expect(await ask()).toBe("200 secure");
  });
  expect(answers).toEqual(["200 secure"]);
});

test("a host waits for the first health check of its new cluster, which is told from outside", async () => {
  await start(15_000);
  const checkCame = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const slow = createServer((request, response) => {
    if (request.url !== "/healthy") return response.end("checked");
    checkCame.resolve();
    void mayAnswer.promise.then(() => response.end("yes"));
    return undefined;
  });
  const checked = cluster("checked", { healthPath: "/healthy" });
  const answers = await answersDuring(async () => {
    want(checked, endpoints("checked", [await listen(slow)]), virtualHost("http", host, "checked"));
    await checkCame.promise;
    for (let round = 0; round < 30; round += 1) expect(await ask()).toBe("200 old");
    expect(await warmVersion("checked")).toBeUndefined();
    mayAnswer.resolve();
    // Envoy may acknowledge the cluster only now that it serves, and answer its administrator before that.
    await expect
      .poll(() => facts, { timeout: 5_000, interval: 10 })
      .toContainEqual({
        kind: "warming",
        id: { kind: "cluster", name: "checked" },
        version: checked.version,
      });
    await expect.poll(async () => await warmVersion("checked"), { timeout: 5_000, interval: 10 }).toBe(checked.version);
    for (const proxy of group.connections) proxy.warmed("checked", checked.version);
    await expect.poll(ask, { timeout: 1_000, interval: 5 }).toBe("200 checked");
    for (let round = 0; round < 30; round += 1) expect(await ask()).toBe("200 checked");
  });
  expect(answers).toEqual(["200 checked"]);
});

test("a host does not wait longer than the bound for what never comes, and that is told", async () => {
  await start(300);
  const before = Date.now();
  want(cluster("broken", { authority: "nowhere" }), endpoints("broken", []), virtualHost("http", host, "broken"));
  await expect.poll(ask, { timeout: 5_000, interval: 10 }).toMatch(/^503/);
  expect(Date.now() - before).toBeGreaterThanOrEqual(290);
  const held = facts.flatMap((fact) => (fact.kind === "held" ? [[fact.id.name, fact.because]] : []));
  expect(held).toEqual([
    ["broken", [{ kind: "secret", name: "nowhere" }]],
    ["http/one.test", [{ kind: "cluster", name: "broken" }]],
  ]);
});

/** The version of a cluster that serves, as Envoy tells; undefined while it warms. */
async function warmVersion(name: string): Promise<string | undefined> {
  const body = await envoy.admin("/config_dump?resource=dynamic_active_clusters");
  const dump = JSON.parse(body) as { configs?: { version_info: string; cluster: { name: string } }[] };
  return dump.configs?.find((config) => config.cluster.name === name)?.version_info;
}

test("clusters that are gone before their endpoints were sent hold nothing up", async () => {
  await start(60_000);
  const backend = await listen(createServer(answering("new")));
  for (let round = 0; round < 5; round += 1) {
    const [name, short] = [`new${round}`, `short${round}`];
    want(cluster(short), endpoints(short, [backend]));
    // Its cluster is on the way to Envoy, which has not asked for its endpoints yet.
    group.apply({
      upserts: [cluster(name), endpoints(name, [backend]), virtualHost("http", host, name)],
      removals: [
        { kind: "cluster", name: short },
        { kind: "endpoints", name: short },
      ],
    });
    // Envoy by itself would wait for 15 s.
    await expect
      .poll(() => [...group.connections].every((proxy) => isIdle(proxy.progress())), { timeout: 8_000 })
      .toBe(true);
    await expect.poll(async () => await envoy.admin("/clusters"), { timeout: 8_000 }).toContain(`${name}::127.0.0.1`);
  }
  expect([await ask(), facts.filter(({ kind }) => kind === "held")]).toEqual(["200 new", []]);
}, 120_000);

const isIdle = ({ underWay, waiting, pending }: SessionProgress): boolean => underWay + waiting + pending === 0;
