/** What the kubelet is told of a workload in the mesh: a real Envoy, with the very listeners of a sidecar, before small workloads. */
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { PROBE_PORTS, type WorkloadProbe } from "../../src/model/index.ts";
import { findEnvoy } from "../../src/proxy/index.ts";
import { probeResources } from "../../src/proxy/probe-resources.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import { freePorts } from "../support/free-ports.ts";
import { Http2Client } from "../support/http2-client.ts";
import { plainRequest } from "../support/plain-request.ts";
import { type StaticEnvoy, startStaticEnvoy } from "../support/static-envoy.ts";

const running = new AsyncDisposableStack();
let status = 200;
let seen: { readonly url: string | undefined; readonly from: string | undefined; readonly header: unknown } | undefined;
let tcpPort = 0;

async function listening(server: Server | Http2Server, port = 0, host = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  running.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const http = createServer((request, response) => {
    seen = { url: request.url, from: request.socket.remoteAddress, header: request.headers["x-probe"] };
    response.writeHead(status).end();
  });
  const { certificate, key } = await selfSignedCertificate("workload");
  const tls = createTlsServer({ cert: certificate, key }, (_request, response) => void response.writeHead(204).end());
  const grpc = createHttp2Server();
  grpc.on("stream", (stream, headers) => {
    stream.respond({ ":status": 200, "x-path": headers[":path"], "content-type": "application/grpc" });
    stream.end();
  });
  const httpPort = await listening(http);
  [tcpPort = 0] = await freePorts(1);
  const probes: WorkloadProbe[] = [
    { kind: "http", asked: "/probes/a/liveness", port: httpPort, path: "/healthz?full=1", overTls: false },
    { kind: "http", asked: "/probes/a/startup", port: await listening(tls), path: "/", overTls: true },
    { kind: "http", asked: "/probes/gone/liveness", port: 1, path: "/", overTls: false },
    { kind: "tcp", asked: "/probes/a/readiness", port: tcpPort },
    { kind: "grpc", askedPort: PROBE_PORTS.firstGrpc, port: await listening(grpc) },
  ];
  const resources = probeResources({ address: "127.0.0.1", family: "IPv4", probes });
  // Elsewhere than in a pod of its own, nobody else is to reach it.
  const onLoopback = JSON.parse(JSON.stringify(resources).replaceAll("0.0.0.0", "127.0.0.1")) as object;
  const envoy: StaticEnvoy = await startStaticEnvoy(await findEnvoy({}), { static_resources: onLoopback });
  running.defer(() => envoy.stop());
  // It takes connections a moment after it has started: when it has looked at its clusters.
  await vi.waitUntil(() => probe("/").catch(() => undefined), { timeout: 10_000 });
});

afterAll(() => running.disposeAsync());

const probe = async (path: string, more: Parameters<typeof plainRequest>[3] = {}): Promise<number> =>
  (await plainRequest(PROBE_PORTS.http, "10.1.2.3:15021", path, more)).status;

test("an HTTP probe reaches the workload as it was written, from the address that is not redirected", async () => {
  expect(await probe("/probes/a/liveness", { headers: { "x-probe": "yes" } })).toBe(200);
  expect(seen).toEqual({ url: "/healthz?full=1", from: "127.0.0.6", header: "yes" });
  status = 418;
  expect(await probe("/probes/a/liveness")).toBe(418);
});

test("a pod that the kubelet asks by IPv6 is asked in the same way", async () => {
  const workload = createServer(
    (request, response) => void response.end(`${request.url} from ${request.socket.remoteAddress}`),
  );
  const port = await listening(workload, 0, "::1");
  const asked = "/probes/a/liveness";
  const probes: WorkloadProbe[] = [{ kind: "http", asked, port, path: "/healthz", overTls: false }];
  const { listeners, clusters } = probeResources({ address: "::1", family: "IPv6", probes });
  const onLoopback = JSON.parse(JSON.stringify(listeners).replaceAll('"::","ipv4_compat":true', '"::1"')) as object;
  const envoy = await startStaticEnvoy(await findEnvoy({}), { static_resources: { listeners: onLoopback, clusters } });
  running.defer(() => envoy.stop());
  const ask = async (): Promise<string> => await (await fetch(`http://[::1]:${PROBE_PORTS.http}${asked}`)).text();
  await expect.poll(ask).toBe("/healthz from ::1");
});

test("a workload's TLS is not verified, as the kubelet does not", async () => {
  expect(await probe("/probes/a/startup")).toBe(204);
});

test("a workload that does not listen fails its probe", async () => {
  expect(await probe("/probes/gone/liveness")).toBe(503);
});

test("whether a connection can be made is told within moments", async () => {
  const asked = (): Promise<number> => probe("/probes/a/readiness");
  expect(await asked()).toBe(503);
  const server = createTcpServer((socket) => void socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(tcpPort, "127.0.0.1", resolve));
  await expect.poll(asked, { timeout: 10_000 }).toBe(200);
  await new Promise((resolve) => server.close(resolve));
  await expect.poll(asked, { timeout: 10_000 }).toBe(503);
});

test("gRPC is asked about health, and nothing else", async () => {
  const client = new Http2Client(PROBE_PORTS.firstGrpc);
  const ask = async (path: string): Promise<unknown[]> => {
    const answer = await client.request({ ":method": "POST", ":path": path, ":authority": "a", te: "trailers" });
    return [answer.status, answer.headers["x-path"]];
  };
  try {
    expect([await ask("/grpc.health.v1.Health/Check"), await ask("/shop.Cart/Empty")]).toEqual([
      [200, "/grpc.health.v1.Health/Check"],
      [404, undefined],
    ]);
  } finally {
    client.close();
  }
});

test.each(["/", "/healthz", "/probes/a/liveness/..", "/probes/a/readiness/x", "/probes/b/liveness"])(
  "%s is not there",
  async (path) => {
    expect(await probe(path)).toBe(404);
  },
);

test("only what the kubelet asks is passed on", async () => {
  expect(await probe("/probes/a/liveness", { method: "POST" })).toBe(404);
});
