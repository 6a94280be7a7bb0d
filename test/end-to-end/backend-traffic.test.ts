/** What XBackendTrafficPolicies and XBackends ask for, in a real Envoy: sessions stay, and retries stay within their budget. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { gateway, type Manifest, route, service, to } from "../support/manifests.ts";
import { plainRequest } from "../support/plain-request.ts";

const EXPERIMENTAL = "gateway.networking.x-k8s.io";

const policy = (name: string, target: string, spec: object): Manifest => ({
  apiVersion: `${EXPERIMENTAL}/v1alpha1`,
  kind: "XBackendTrafficPolicy",
  metadata: { name },
  spec: { targetRefs: [{ group: "", kind: "Service", name: target }], ...spec },
});

const backend = (name: string, app: string, port: number, spec: object = {}): Manifest => ({
  apiVersion: `${EXPERIMENTAL}/v1alpha1`,
  kind: "XBackend",
  metadata: { name },
  spec: { type: "EndpointSelector", port: { number: port }, endpointSelector: { matchLabels: { app } }, ...spec },
});

const pod = (name: string, app: string, ip: string): Manifest => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app } },
  status: { podIPs: [{ ip }], conditions: [{ type: "Ready", status: "True" }] },
});

const RETRY = { codes: [503], attempts: 3, backoff: "1ms" };
const TOGETHER = 20;

describe.skipIf(envoyBinary() === undefined)("traffic to backends", () => {
  const echoes: EchoServer[] = [];
  let served: ServedGateway;
  let port = 0;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    for (const name of ["a", "b", "c", "retried", "bounded"]) echoes.push(await startEchoServer(name));
    const [a, b, c, retried, bounded] = echoes.map((echo) => echo.port);
    served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-backend-traffic-")));
    await served.serve(
      validated([
        gateway("edge", [{ name: "http", port }]),
        ...service("pinned", [a ?? 0, b ?? 0]),
        ...service("retried", [retried ?? 0]),
        ...service("bounded", [bounded ?? 0]),
        policy("sessions", "pinned", { sessionPersistence: { type: "Cookie", cookie: { name: "pin" } } }),
        policy("budget", "bounded", {
          retryConstraint: { budget: { percent: 0 }, minRetryRate: { count: 1, interval: "1h" } },
        }),
        pod("c-1", "c", "127.0.0.1"),
        backend("pods", "c", c ?? 0, { sessionPersistence: { type: "Cookie", cookie: {} } }),
        route({
          name: "all",
          parent: "edge",
          rules: [
            { matches: [{ path: { value: "/pinned" } }], backendRefs: [to("pinned")] },
            { matches: [{ path: { value: "/retried" } }], retry: RETRY, backendRefs: [to("retried")] },
            { matches: [{ path: { value: "/bounded" } }], retry: RETRY, backendRefs: [to("bounded")] },
            {
              matches: [{ path: { value: "/pods" } }],
              backendRefs: [{ group: EXPERIMENTAL, kind: "XBackend", name: "pods" }],
            },
          ],
        }),
      ]),
    );
  }, 60_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await Promise.all(echoes.map(async (echo) => await echo.stop()));
  });

  const ask = async (path: string, cookie?: string) =>
    await plainRequest(port, "any.test", path, cookie === undefined ? {} : { headers: { cookie } });

  test("a policy's session stays with the endpoint that it began with", async () => {
    const first = await ask("/pinned");
    const [cookie = ""] = first.headers["set-cookie"] ?? [];
    const pair = cookie.slice(0, cookie.indexOf(";"));
    const answers = [];
    for (let count = 0; count < 20; count++) answers.push((await ask("/pinned", pair)).echoed?.backend);
    expect([pair.split("=")[0], new Set(answers)]).toEqual(["pin", new Set([first.echoed?.backend])]);
  });

  test("an XBackend that selects pods is reached, with a session of its own", async () => {
    const { echoed, headers } = await ask("/pods");
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect([echoed?.backend, cookie.slice(0, cookie.indexOf("="))]).toEqual(["c", "trilith-default.pods"]);
  });

  test("retries beyond the budget are not made, and their requests are answered 503", async () => {
    const askTogether = async (path: string): Promise<number[]> =>
      await Promise.all(
        Array.from({ length: TOGETHER }, async () => (await ask(`${path}?status=503&delay=100`)).status),
      );
    const [retried, bounded] = [echoes[3], echoes[4]];
    const statuses = [...(await askTogether("/retried")), ...(await askTogether("/bounded"))];
    expect(new Set(statuses)).toEqual(new Set([503]));
    expect(retried?.requests.length).toBe(TOGETHER * (1 + RETRY.attempts));
    // plainRequest keeps to few connections, so that the requests come in a few waves, each with one retry at a time.
    expect(bounded?.requests.length).toBeLessThan(TOGETHER * 2);
  });
});
