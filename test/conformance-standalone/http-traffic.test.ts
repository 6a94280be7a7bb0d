/** Official tests of HTTPRoute: weights, mirrors, timeouts, retries, and the protocols of backends. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { WebSocketClient } from "../support/websocket-client.ts";
import { ask, backendCounts, expectAnswers } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { portHere } from "./shifted-ports.ts";
import { isShareOf } from "./stream-exchange.ts";
import { expectAccepted, expectRouteConditions } from "./summaries.ts";

const [v1, v2, v3] = ["infra-backend-v1", "infra-backend-v2", "infra-backend-v3"] as const;
const infra = "gateway-conformance-infra";
const replay = officialTests();

replay("HTTPRouteWeight", ["httproute-weight"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute weighted-backends");
  const counts = await backendCounts(world.addressOf("same-namespace"), {}, 500);
  expect(counts.get(v1)).toSatisfy(isShareOf(500, 0.7));
  expect(counts.get(v2)).toSatisfy(isShareOf(500, 0.3));
  expect([...counts.keys()].toSorted()).toEqual([v1, v2]);
});

replay(
  "HTTPRouteRequestHeaderModifierBackendWeights",
  ["httproute-request-header-modifier-backend-weights"],
  async (world) => {
    await expectAccepted(world, "same-namespace", "HTTPRoute request-header-modifier-backend-weights");
    const seen = new Set<string>();
    for (let sent = 0; sent < 100; sent += 1) {
      const { arrived } = await ask(world.addressOf("same-namespace"), {});
      expect(arrived?.headers["backend"]).toBe(arrived?.pod);
      seen.add(arrived?.pod ?? "");
    }
    expect([...seen].toSorted()).toEqual([v1, v2]);
  },
);

const changed = {
  headers: {
    "x-header-add": "header-val-1",
    "x-header-add-append": "append-val-1,header-val-2",
    "x-header-set": "set-overwrites-values",
  },
  without: ["x-header-remove"],
};
const toChange = { "x-header-remove": "remove-val", "x-header-add-append": "append-val-1" };

async function expectMirrored(world: OfficialWorld, path: string, mirrors: readonly string[]): Promise<void> {
  const unique = `${path}?request=${randomUUID()}`;
  const isModified = path.includes("modify");
  await expectAnswers(world, "same-namespace", [
    [
      { path: unique, headers: isModified ? toChange : {} },
      { backend: v1, sees: isModified ? changed : {} },
    ],
  ]);
  for (const mirror of mirrors)
    await world.eventually(() => {
      expect(world.pod(mirror).arrived.filter((arrived) => arrived.path === unique)).toHaveLength(1);
    });
}

replay("HTTPRouteRequestMirror", ["httproute-request-mirror"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute request-mirror");
  await expectMirrored(world, "/mirror", [v2]);
  await expectMirrored(world, "/mirror-and-modify-headers", [v2]);
});

replay("HTTPRouteRequestMultipleMirrors", ["httproute-request-multiple-mirrors"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute request-multiple-mirrors");
  await expectMirrored(world, "/multi-mirror", [v2, v3]);
  await expectMirrored(world, "/multi-mirror-and-modify-request-headers", [v2, v3]);
});

replay("HTTPRouteRequestPercentageMirror", ["httproute-request-percentage-mirror"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute request-percentage-mirror");
  const shares = {
    "/percent-mirror": 0.2,
    "/percent-mirror-fraction": 0.5,
    "/percent-mirror-and-modify-headers": 0.35,
  };
  for (const [path, share] of Object.entries(shares)) {
    const arrived = (): number => world.pod(v2).arrived.filter((request) => request.path.split("?")[0] === path).length;
    const headers = path.includes("modify") ? toChange : {};
    expect(await backendCounts(world.addressOf("same-namespace"), { path, headers }, 500)).toEqual(
      new Map([[v1, 500]]),
    );
    await world.eventually(() => expect(arrived()).toSatisfy(isShareOf(500, share)));
  }
});

replay("HTTPRouteTimeoutRequest", ["httproute-timeout-request"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute request-timeout");
  await expectAnswers(world, "same-namespace", [
    ["/request-timeout", v1],
    ["/request-timeout?delay=1s", 504],
    ["/disable-request-timeout?delay=1s", v1],
  ]);
});

replay("HTTPRouteTimeoutBackendRequest", ["httproute-timeout-backend-request"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backend-request-timeout");
  await expectAnswers(world, "same-namespace", [
    ["/backend-timeout", v1],
    ["/backend-timeout?delay=1s", 504],
    ["/disable-backend-timeout?delay=1s", v1],
  ]);
});

/** Each on a new identity, because the backend counts attempts by it. */
async function expectRetries(
  world: OfficialWorld,
  cases: readonly (readonly [path: string, code: number, succeedAfter: number, status: number, more?: string])[],
): Promise<void> {
  for (const [path, code, succeedAfter, status, more = ""] of cases) {
    const query = `uuid=${randomUUID()}&responseCode=${code}&succeedAfter=${succeedAfter}${more}`;
    const answered = await ask(world.addressOf("same-namespace"), { path: `${path}?${query}` });
    expect({ path, code, succeedAfter, more, status: answered.status }).toEqual({
      path,
      code,
      succeedAfter,
      more,
      status,
    });
    if (status === 200) expect(answered.arrived?.pod).toBe(v3);
  }
}

replay("HTTPRouteRetry", ["httproute-retry"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute retries");
  const [three, two, none] = [
    "/retry/code-500-attempts-3",
    "/retry/code-all-attempts-2",
    "/retry/code-all-attempts-0",
  ] as const;
  await expectRetries(world, [
    [three, 500, 2, 200],
    [three, 500, 4, 500],
    [three, 503, 2, 503],
    ...[500, 502, 503, 504].flatMap((code) => [
      [two, code, 1, 200] as const,
      [two, code, 3, code] as const,
      [none, code, 1, code] as const,
    ]),
  ]);
});

replay("HTTPRouteRetryWithRequestTimeout", ["httproute-retry-with-timeouts"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute retries-with-timeouts");
  await expectRetries(world, [
    ["/retry/request-timeout-500ms", 500, 1, 200],
    ["/retry/request-timeout-500ms", 500, 2, 504, "&delayRetry=300ms"],
  ]);
});

replay("HTTPRouteRetryWithBackendTimeout", ["httproute-retry-with-timeouts"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute retries-with-timeouts");
  await expectRetries(world, [
    ["/retry/backend-timeout-500ms", 500, 2, 200, "&delayRetry=100ms&delay=100ms"],
    ["/retry/request-timeout-500ms", 500, 2, 504, "&delayRetry=1s&delay=1s"],
  ]);
});

replay("HTTPRouteRetryConnectionError", ["httproute-retry-connection-error"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute retries-connection-error");
  for (let sent = 0; sent < 10; sent += 1)
    expect(await ask(world.addressOf("same-namespace"), { path: "/retry-on-connection-errors" })).toMatchObject({
      status: 200,
      arrived: { pod: "infra-backend-connection-error-healthy" },
    });
});

replay("HTTPRouteBackendProtocolH2C", ["httproute-backend-protocol-h2c"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backend-protocol-h2c");
  await expectAnswers(world, "same-namespace", [[{ http2: true }, { backend: v1, sees: { port: 3001 } }]]);
  expect(world.pod(v1).arrived.at(-1)?.protocol).toBe("HTTP/2.0");
});

replay("HTTPRouteBackendProtocolWebSocket", ["httproute-backend-protocol-websocket"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backend-protocol-ws");
  const client = await WebSocketClient.open(
    portHere(80),
    world.addressOf("same-namespace"),
    "/ws",
    world.addressOf("same-namespace"),
  );
  expect(await client.receive()).toBe(v1);
  client.send("Hello over a WebSocket");
  expect(await client.receive()).toBe("Hello over a WebSocket");
  client.close();
});

replay("HTTPRouteServiceTypes", ["httproute-service-types"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute service-types");
  await expectRouteConditions(world, "HTTPRoute service-types", { ResolvedRefs: "True" });
  const endpoints = [
    { addresses: [world.pod(v1).options.address], conditions: { ready: true, serving: true, terminating: false } },
  ];
  for (const name of ["manual-endpointslices", "headless-manual-endpointslices"])
    await world.set(`EndpointSlice ${infra}/${name}-ip4`, ["endpoints"], endpoints);
  const paths = ["/manual-endpointslices", "/headless-manual-endpointslices", "/headless"] as const;
  // Routes were programmed before there was an endpoint, so they do not tell when it is known.
  for (const path of paths) await world.eventually(() => expectAnswers(world, "same-namespace", [[path, v1]]));
});
