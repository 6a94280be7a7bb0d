import { describe, expect, test } from "vitest";
import { type AdminSources, startAdminServer, startHealthServer } from "./admin-server.ts";

const sources = (notReady: string | undefined): AdminSources => ({
  notReady: () => notReady,
  metrics: () => Promise.resolve({ contentType: "text/plain", text: "trilith_objects 3\n" }),
  status: () => ({ objects: [] }),
  proxies: () => ({ connected: [] }),
  graph: () => [{ name: "resources/Gateway", size: 1 }],
  envoy: (kind) => (kind === "nonsense" ? undefined : [{ kind }]),
});

async function get(path: string, notReady?: string, method = "GET"): Promise<readonly [number, string]> {
  await using server = await startAdminServer({ host: "127.0.0.1", port: 0 }, sources(notReady));
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return [response.status, await response.text()];
}

describe("the admin API", () => {
  test.each([
    ["/healthz", 200, "ok\n"],
    ["/readyz", 200, "ok\n"],
    ["/metrics", 200, "trilith_objects 3\n"],
    ["/status", 200, '{\n  "objects": []\n}\n'],
    ["/proxies", 200, '{\n  "connected": []\n}\n'],
    ["/envoy?kind=cluster", 200, '[\n  {\n    "kind": "cluster"\n  }\n]\n'],
    ["/envoy?kind=nonsense", 404, "no such kind of Envoy resource\n"],
    ["/metrics/proxy", 404, "the proxies are elsewhere; each has /stats/prometheus on its metrics port\n"],
    ["/nowhere", 404, "not found; there are /healthz, /readyz, /metrics, /status, /graph, /proxies and /envoy\n"],
  ])("answers %s with %i", async (path, status, body) => {
    expect(await get(path)).toEqual([status, body]);
  });

  test("says what it waits for while it is not ready", async () => {
    expect(await get("/readyz", "Envoy has not connected")).toEqual([503, "not ready: Envoy has not connected\n"]);
  });

  test("changes nothing, whatever is sent", async () => {
    expect(await get("/status", undefined, "POST")).toEqual([405, "the admin API only reads; use GET\n"]);
  });
});

test.each([
  ["/healthz", 200],
  ["/readyz", 200],
  ["/metrics", 200],
  ["/status", 404],
  ["/graph", 404],
  ["/envoy", 404],
])("outside loopback %s answers %i: nobody is shown the configuration", async (path, status) => {
  await using server = await startHealthServer({ host: "127.0.0.1", port: 0 }, sources(undefined));
  expect((await fetch(`http://127.0.0.1:${server.port}${path}`)).status).toBe(status);
});
