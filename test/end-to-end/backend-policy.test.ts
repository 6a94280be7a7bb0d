/** What owners of backends ask for (BackendPolicy), in a real Envoy before small backends that can be made ill. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { backendPolicy, gateway, type Manifest, route, service, to } from "../support/manifests.ts";
import { MoodyServer } from "../support/moody-server.ts";
import { plainRequest } from "../support/plain-request.ts";

const HOST = "shop.test";
const POLLED = { timeout: 20_000, interval: 10 };
const CHECKED = {
  type: "HTTP",
  http: { path: "/healthz" },
  interval: "100ms",
  timeout: "5s",
  healthyThreshold: 1,
  unhealthyThreshold: 1,
};
const EJECTING = { consecutive5xxErrors: 2, interval: "1h", baseEjectionTime: "1h", maxEjectionTime: "1h" };

describe.skipIf(envoyBinary() === undefined)("a BackendPolicy", () => {
  let served: ServedGateway;
  let port = 0;
  let servers: MoodyServer[];

  beforeEach(async () => {
    [port = 0] = await freePorts(1);
    servers = await Promise.all(["a", "b", "c"].map((name) => MoodyServer.start(name)));
    served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-backend-policy-")));
  });

  afterEach(async () => {
    await served[Symbol.asyncDispose]();
    await Promise.all(servers.map((server) => server.stop()));
  });

  function want(spec: object | undefined, backends: readonly MoodyServer[] = servers): Promise<void> {
    const objects: Manifest[] = [
      gateway("edge", [{ name: "http", port }]),
      ...service(
        "shop",
        backends.map((server) => server.port),
      ),
      route({ name: "shop", parent: "edge", hostnames: [HOST], rules: [{ backendRefs: [to("shop")] }] }),
      ...(spec === undefined ? [] : [backendPolicy("shop", "shop", spec)]),
    ];
    return served.serve(validated(objects));
  }

  async function ask(count: number, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const answers = Array.from({ length: count }, async () => {
      const { status, headers: got } = await plainRequest(port, HOST, "/", { headers });
      return `${status} ${String(got["x-backend"] ?? "")}`.trim();
    });
    return await Promise.all(answers);
  }

  const distinct = async (...asked: Parameters<typeof ask>): Promise<string[]> =>
    [...new Set(await ask(...asked))].sort();

  test("sends equal headers, cookies and callers to the same endpoint, and requests without anywhere", async () => {
    const hashed = (consistentHash: object): object => ({ loadBalancing: { type: "ConsistentHash", consistentHash } });
    await want(hashed({ type: "Header", header: { name: "X-User" } }));
    const users = Array.from({ length: 30 }, (_, user) => `user-${user}`);
    const chosen = await Promise.all(users.map((user) => distinct(5, { "x-user": user })));
    expect(chosen.map(({ length }) => length)).toEqual(users.map(() => 1));
    expect([...new Set(chosen.flat())].sort()).toEqual(["200 a", "200 b", "200 c"]);
    expect(await distinct(60)).toEqual(["200 a", "200 b", "200 c"]);

    await want(hashed({ type: "Cookie", cookie: { name: "user" } }));
    const byCookie = await Promise.all(users.map((user) => distinct(5, { cookie: `other=1; user=${user}` })));
    expect(byCookie.map(({ length }) => length)).toEqual(users.map(() => 1));
    expect([...new Set(byCookie.flat())].sort()).toEqual(["200 a", "200 b", "200 c"]);

    await want(hashed({ type: "SourceAddress" }));
    expect(await distinct(30)).toHaveLength(1);
  });

  test("bounds what is under way, and answers 503 beyond", async () => {
    const [only] = servers;
    if (only === undefined) throw new Error("there is no server");
    await want({ circuitBreaker: { maxConnections: 1, maxPendingRequests: 1 } }, [only]);
    only.holdRequests();
    const answered: string[] = [];
    const asking = async (): Promise<void> => void answered.push(...(await ask(1)));
    const first = asking();
    await expect.poll(() => only.requests, POLLED).toBe(1);
    const others = Array.from({ length: 4 }, asking);
    // One is under way, one waits, the others are refused at once; then the two are answered.
    await expect.poll(() => answered, POLLED).toEqual(["503", "503", "503"]);
    expect(only.requests).toBe(1);
    only.release();
    await Promise.all([first, ...others]);
    expect(answered.sort()).toEqual(["200 a", "200 a", "503", "503", "503"]);
  });

  test("leaves an endpoint alone that fails in a row, but never more of them than it says", async () => {
    const [bad, ...good] = servers;
    if (bad === undefined) throw new Error("there is no server");
    bad.status = 500;
    await want({ loadBalancing: { type: "RoundRobin" }, outlierDetection: EJECTING });
    await expect.poll(async () => (await ask(1))[0] ?? "", POLLED).toBe("500 a");
    await expect.poll(async () => await distinct(12), POLLED).toEqual(["200 b", "200 c"]);
    const [second, last] = good;
    if (second === undefined || last === undefined) throw new Error("there are too few servers");
    // With two of three ejected it would be more than half.
    second.status = 500;
    await ask(30);
    expect(await distinct(12)).toEqual(["200 c", "500 b"]);
  });

  test("does not eject the only endpoint unless all may be ejected, and then sends to it all the same", async () => {
    const [only] = servers;
    if (only === undefined) throw new Error("there is no server");
    only.status = 500;
    await want({ outlierDetection: EJECTING }, [only]);
    expect(await distinct(10)).toEqual(["500 a"]);
    await want({ outlierDetection: { ...EJECTING, maxEjectionPercent: 100 }, whenNoneHealthy: "Refuse" }, [only]);
    await expect.poll(async () => (await ask(1))[0], POLLED).toBe("503");
    await want({ outlierDetection: { ...EJECTING, maxEjectionPercent: 100 } }, [only]);
    await ask(10);
    expect(await distinct(10)).toEqual(["500 a"]);
  });

  test("asks endpoints whether they are well, and sends requests to those that are", async () => {
    const [first, ...others] = servers;
    if (first === undefined) throw new Error("there is no server");
    first.health = 503;
    await want({ healthCheck: CHECKED });
    expect(await distinct(30)).toEqual(["200 b", "200 c"]);
    first.health = 204;
    await expect.poll(async () => await distinct(30), POLLED).toEqual(["200 a", "200 b", "200 c"]);
    expect([...first.checkedHosts]).toEqual(["shop.default"]);
    for (const server of servers) server.health = 500;
    // Nobody is well: then all are tried.
    const seen = first.checks;
    await expect
      .poll(() => Math.min(...[first, ...others].map(({ checks }) => checks)), POLLED)
      .toBeGreaterThan(seen + 5);
    expect(await distinct(30)).toEqual(["200 a", "200 b", "200 c"]);
    await want({ healthCheck: CHECKED, whenNoneHealthy: "Refuse" });
    await expect.poll(async () => await distinct(30), POLLED).toEqual(["503"]);
  });

  test("can be changed, added and taken away while requests are under way, and none fails", async () => {
    const [slow] = servers;
    if (slow === undefined) throw new Error("there is no server");
    const specs = [
      { healthCheck: CHECKED },
      { healthCheck: { ...CHECKED, http: { path: "/healthz?changed" } } },
      { healthCheck: { ...CHECKED, http: { path: "/healthz?changed" } }, loadBalancing: { type: "Random" } },
      { connection: { maxRequestsPerConnection: 5, connectTimeout: "1s" } },
      undefined,
    ];
    await want(undefined);
    for (const spec of specs) {
      slow.holdRequests();
      const before = slow.requests;
      // So many that chance, which some of the policies leave it to, does not pass the slow one by.
      const asked = ask(40);
      await expect.poll(() => slow.requests, POLLED).toBeGreaterThan(before);
      await want(spec);
      slow.release();
      expect(new Set([...(await asked), ...(await ask(60))])).toEqual(new Set(["200 a", "200 b", "200 c"]));
    }
  });
});
