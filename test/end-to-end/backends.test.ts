/** The backends of the demo and the tests, and the clients that go with them, without a gateway between. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  startGrpcBackend,
  startHttpBackend,
  startTcpBackend,
  startTlsBackend,
  startUdpBackend,
} from "../backends/index.ts";
import type { Backend, BackendTls, Echo } from "../backends/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import type { CertificateAuthority } from "../support/certificate-authority.ts";
import { callGrpc } from "../support/grpc-call.ts";
import { Http2Client } from "../support/http2-client.ts";
import { rawRequest } from "../support/raw-request.ts";
import { exchangeDatagram, exchangeLine } from "../support/stream-exchange.ts";
import { WebSocketClient } from "../support/websocket-client.ts";

const open: Backend[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (backend) => await backend.close()));
});

async function opened<Options>(start: (options: Options) => Promise<Backend>, options: Options): Promise<Backend> {
  const backend = await start(options);
  open.push(backend);
  return backend;
}

const authority: Promise<CertificateAuthority> = createCertificateAuthority();

async function serverTls(clientAuthority?: string): Promise<BackendTls> {
  const issued = await (await authority).issue({ commonName: "server", names: ["db.test", "*.web.test"] });
  return { ...issued, ...(clientAuthority === undefined ? {} : { clientAuthority }) };
}

describe("the HTTP backend", () => {
  test("says what it was asked, in HTTP/1.0, HTTP/1.1 and HTTP/2, on one port", async () => {
    const { port } = await opened(startHttpBackend, { name: "blue" });
    const headers = [["x-a", "1"]] as const;
    const path = "/a/../%2F?q=1";
    const one = await rawRequest({ port, host: "one.test", path, method: "POST", body: "hello", headers });
    const zero = await rawRequest({ port, version: "1.0", path });
    const client = new Http2Client(port);
    const two = await client.request({ ":path": path, ":authority": "two.test", "x-a": "2" });
    client.close();
    expect([one.body, zero.body, two.body.toString()].map((body) => JSON.parse(body) as Echo)).toEqual([
      {
        backend: "blue",
        method: "POST",
        path,
        host: "one.test",
        protocol: "HTTP/1.1",
        headers: { host: "one.test", "x-a": "1", "content-length": "5", connection: "close" },
        body: "hello",
      },
      {
        backend: "blue",
        method: "GET",
        path,
        host: "",
        protocol: "HTTP/1.0",
        headers: { connection: "close" },
        body: "",
      },
      {
        backend: "blue",
        method: "GET",
        path,
        host: "two.test",
        protocol: "HTTP/2.0",
        headers: { "x-a": "2" },
        body: "",
      },
    ]);
  });

  test("answers late, with a status, a header, a size or a stream of events, as asked", async () => {
    const backend = await opened(startHttpBackend, { name: "blue" });
    const { port } = backend;
    const since = performance.now();
    const late = await rawRequest({ port, host: "a", path: "/?delay=60&status=503&header=x-b:c&size=3" });
    const events = await rawRequest({ port, host: "a", headers: [["x-echo-events", "2"]] });
    expect(performance.now() - since).toBeGreaterThan(59);
    expect([late.status, late.headers["x-b"], late.body]).toEqual([503, "c", "xxx"]);
    expect([events.headers["content-type"], events.body]).toEqual([
      "text/event-stream",
      "data: blue 0\n\ndata: blue 1\n\n",
    ]);
    expect(backend.requests).toBe(2);
  });

  test("echoes a WebSocket, also of long messages", async () => {
    const { port } = await opened(startHttpBackend, { name: "blue" });
    const client = await WebSocketClient.open(port, "a.test", "/chat");
    const texts = ["hello", "x".repeat(300), "y".repeat(70_000)];
    for (const text of texts) client.send(text);
    const received = [];
    for (let count = 0; count < 4; count += 1) received.push(await client.receive());
    client.close();
    expect(received).toEqual(["blue", ...texts]);
  });

  test("under TLS speaks what was negotiated, and knows the client by its certificate", async () => {
    const signer = await authority;
    const { certificate } = signer;
    const { port } = await opened(startHttpBackend, { name: "blue", tls: await serverTls(certificate) });
    const client = await signer.issue({ commonName: "alice", use: "client" });
    const tls = { servername: "a.web.test", ca: certificate, cert: client.certificate, key: client.key };
    const one = JSON.parse((await rawRequest({ port, host: "a.web.test", tls })).body) as Echo;
    const http2 = new Http2Client(port, tls);
    const two = JSON.parse((await http2.request({ ":path": "/" })).body.toString()) as Echo;
    http2.close();
    expect([one, two].map(({ protocol, tls: seen }) => [protocol, seen])).toEqual([
      ["HTTP/1.1", { serverName: "a.web.test", clientName: "alice" }],
      ["HTTP/2.0", { serverName: "a.web.test", clientName: "alice" }],
    ]);
    const stranger = rawRequest({ port, host: "a", tls: { servername: "a.web.test", ca: certificate } });
    await expect(stranger).rejects.toThrow(/alert|reset|without an answer/);
  });

  test("finishes what is under way when it is closed gracefully", async () => {
    const backend = await startHttpBackend({ name: "blue" });
    const slow = rawRequest({ port: backend.port, host: "a", path: "/?delay=150" });
    while (backend.requests === 0) await delay(5);
    await backend.close({ graceMs: 5_000 });
    expect((await slow).status).toBe(200);
  });
});

test("the gRPC backend answers once or many times, with a status if asked, to any service", async () => {
  const { port } = await opened(startGrpcBackend, { name: "blue" });
  const at = { port, authority: "grpc.test" };
  const unary = await callGrpc({ ...at, path: "/a.B/Get", request: { text: "hi" }, metadata: { "x-a": "1" } });
  const stream = await callGrpc({ ...at, path: "/a.B/StreamAll", request: { text: "hi", count: 3 } });
  const failed = await callGrpc({ ...at, path: "/a.B/Get", request: { text: "hi", status: 5 } });
  const metadata = ["content-type: application/grpc", "te: trailers"];
  const reply = { backend: "blue", text: "hi", index: 0, path: "/a.B/Get", metadata: [...metadata, "x-a: 1"] };
  const replies = [0, 1, 2].map((index) => ({ backend: "blue", text: "hi", index, path: "/a.B/StreamAll", metadata }));
  expect([unary, stream, failed]).toEqual([
    { httpStatus: 200, status: 0, message: "", replies: [reply] },
    { httpStatus: 200, status: 0, message: "", replies },
    { httpStatus: 200, status: 5, message: "as asked for", replies: [] },
  ]);
});

test("the backends of TCP, TLS and UDP say their name before what they got", async () => {
  const signer = await authority;
  const tcp = await opened(startTcpBackend, { name: "tcp" });
  const tls = await opened(startTlsBackend, { name: "tls", tls: await serverTls() });
  const old = await opened(startTlsBackend, { name: "old", tls: await signer.issueExpired("server", ["db.test"]) });
  const udp = await opened(startUdpBackend, { name: "udp" });
  const checked = { servername: "db.test", ca: signer.certificate };
  expect([
    await exchangeLine(tcp.port, "hello"),
    await exchangeLine(tls.port, "hello", checked),
    await exchangeLine(old.port, "hello", checked).catch((error: Error) => error.message),
    await exchangeDatagram(udp.port, "hello"),
  ]).toEqual(["tcp: hello", "tls: hello", "certificate has expired", "udp: hello"]);
});
