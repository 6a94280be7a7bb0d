/** XTelemetryPolicies in a real Envoy: which requests give spans, what is in them, and how they reach a collector. */
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
import { SpanCollector } from "../support/span-collector.ts";

const policy = (target: string, tracing: object): Manifest => ({
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XTelemetryPolicy",
  metadata: { name: target },
  spec: {
    targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: target }],
    tracing: { mode: "Enabled", ...tracing },
  },
});

const attributes = [
  { name: "team", sourceType: "Literal", literalValue: "shop-team" },
  { name: "user", sourceType: "Header", headerName: "X-User" },
  ...[
    "client.address",
    "http.request.method",
    "http.request.body.size",
    "http.response.body.size",
    "http.response.status_code",
    "network.protocol.name",
    "network.peer.address",
    "server.address",
    "url.path",
    "url.scheme",
    "user_agent.original",
  ].map((attributeKey) => ({ name: `of.${attributeKey}`, sourceType: "Attribute", attributeKey })),
];

describe.skipIf(envoyBinary() === undefined)("traces of a Gateway", () => {
  const collectors = { grpc: new SpanCollector("grpc"), http: new SpanCollector("http") };
  let echo: EchoServer;
  let served: ServedGateway;
  let ports: readonly number[] = [];

  beforeAll(async () => {
    ports = await freePorts(4);
    echo = await startEchoServer("echo");
    const [grpcPort, httpPort] = [await collectors.grpc.listen(), await collectors.http.listen()];
    served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-tracing-")));
    const names = ["all", "parents", "deaf", "untold"];
    await served.serve(
      validated([
        ...names.map((name, index) => gateway(name, [{ name: "http", port: ports[index] ?? 0 }])),
        ...names.map((name) => route({ name, parent: name, rules: [{ backendRefs: [to("echo")] }] })),
        ...service("echo", [echo.port]),
        ...service("grpc-collector", [grpcPort]),
        ...service("http-collector", [httpPort], { appProtocol: "http" }),
        policy("all", {
          provider: { backendRef: to("grpc-collector"), headers: [{ name: "X-Token", value: "secret" }] },
          serviceName: "shop-edge",
          spanName: "from outside",
          attributes,
        }),
        policy("parents", {
          provider: { backendRef: to("http-collector"), headers: [{ name: "X-Token", value: "other" }] },
          samplingRate: { numerator: 0 },
        }),
        policy("deaf", {
          provider: { backendRef: to("http-collector") },
          samplingRate: { numerator: 0 },
          parentBasedSampling: { mode: "Disabled" },
        }),
      ]),
    );
  }, 60_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await echo.stop();
    for (const collector of Object.values(collectors)) collector.close();
  });

  /** Enough requests for Envoy to export what it has at once. */
  async function ask(index: number, path: string, parent?: string): Promise<void> {
    const headers = { "x-user": "alice", "user-agent": "tester", ...(parent !== undefined && { traceparent: parent }) };
    for (let count = 0; count < 10; count++) await plainRequest(ports[index] ?? 0, "any.test", path, { headers });
  }

  const sampled = (id: string): string => `00-${id.repeat(32)}-${"b".repeat(16)}-01`;

  test("every request is told by gRPC, with the names, tags and headers that the policy states", async () => {
    await ask(0, "/told?q=1");
    await expect.poll(() => collectors.grpc.has("of.user_agent.original"), { timeout: 15_000 }).toBe(true);
    const [first] = collectors.grpc.exports;
    expect([first?.path, first?.contentType, first?.token]).toEqual([
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "application/grpc",
      "secret",
    ]);
    const told = ["shop-edge", "from outside", "shop-team", "alice", "/told", "any.test", "tester", "127.0.0.1"];
    expect(told.filter((text) => !collectors.grpc.has(text))).toEqual([]);
    expect(attributes.map(({ name }) => name).filter((name) => !collectors.grpc.has(name))).toEqual([]);
  });

  test("requests follow their parents, and where the policy says so they do not", async () => {
    // In this order: what comes last has arrived when the others would have.
    await ask(1, "/own");
    await ask(2, "/deaf", sampled("d"));
    await ask(1, "/followed", sampled("a"));
    await expect.poll(() => collectors.http.has("/followed"), { timeout: 15_000 }).toBe(true);
    const [first] = collectors.http.exports;
    expect([first?.path, first?.contentType, first?.token]).toEqual(["/v1/traces", "application/x-protobuf", "other"]);
    expect(["/own", "/deaf", "parents.default"].map((text) => collectors.http.has(text))).toEqual([false, false, true]);
  });

  test("without a policy nothing is told, and the trace goes on to the backend untouched", async () => {
    const parent = sampled("c");
    const { echoed } = await plainRequest(ports[3] ?? 0, "any.test", "/untold", { headers: { traceparent: parent } });
    expect(echoed?.headers["traceparent"]).toBe(parent);
  });
});
