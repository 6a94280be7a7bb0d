/**
 * TCP, TLS and UDP through a real Envoy that gets what the model says over a real stream: divided by weight, also when the
 * weights change, and without a listener being touched for it.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket as Connection } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import type { Server as TlsServer } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readPage } from "../../src/cli/traffic/prometheus-page.ts";
import type { EndpointSet, EndpointSetKey, Socket, StreamBackend } from "../../src/model/index.ts";
import { certificateKey, endpointSetKey, listenerKey, proxyKey, socketKey } from "../../src/model/index.ts";
import type { StreamBackendKey, TrustBundleKey } from "../../src/model/index.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import type { Certificate } from "../support/certificate.ts";
import { freePorts } from "../support/free-ports.ts";
import { startModelProxy } from "../support/model-proxy.ts";
import type { ModelProxy } from "../support/model-proxy.ts";

const proxy = proxyKey("local");
const gateway = { namespace: "test", name: "gateway" };
const names = ["one", "two", "secure"] as const;
const host = "db.example.test";
const listener = listenerKey({ kind: "Gateway", namespace: "data", name: "db" }, "any");
const exampleKey = certificateKey({ namespace: "data", name: "example" });

let ports: number[] = [];
let servers: (Server | TlsServer)[] = [];
let udp: ReturnType<typeof createSocket>[] = [];
let envoy: ModelProxy;
let certificate: Certificate;

const set = (name: string): EndpointSetKey => endpointSetKey({ kind: "Service", namespace: "data", name }, 1);
const streamKey = (name: string): StreamBackendKey => `TCPRoute/data/${name}#0@data/db` as StreamBackendKey;

function endpointSet(name: string, endpointPorts: readonly number[]): EndpointSet {
  const endpoints = endpointPorts.map((port) => ({ address: "127.0.0.1", port }));
  return { key: set(name), origin: { kind: "Service", namespace: "data", name, port: 1 }, endpoints };
}

function stream(name: string, protocol: "tcp" | "udp", targets: StreamBackend["targets"]): StreamBackend {
  return { key: streamKey(name), origin: { kind: "TCPRoute", namespace: "data", name, rule: 0 }, protocol, targets };
}

function socket(transport: "tcp" | "udp", port: number, chains: Socket["chains"]): Socket {
  return {
    key: socketKey(proxy, "127.0.0.1", transport, port),
    proxy,
    gateway,
    transport,
    address: "127.0.0.1",
    port,
    chains,
  };
}

const datagramService = { kind: "Service", namespace: "data", name: "udp-one", port: 1 } as const;

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
const port = (index: number): number => ports[index] ?? 0;

/** What the server says first; empty when the connection is closed instead. */
async function greeting(connection: Connection): Promise<string> {
  let text = "";
  connection.setEncoding("utf8");
  connection.on("data", (chunk: string) => (text += chunk));
  connection.on("error", () => undefined);
  await new Promise((closed) => connection.on("close", closed));
  return text;
}

async function count(times: number, ask: () => Promise<string>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < times; index += 1) {
    const answer = await ask();
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}

const askTcp = async (): Promise<string> => await greeting(connect(port(0), "127.0.0.1"));

/** Over TLS: the greeting, and who was spoken to. */
async function askTls(servername: string): Promise<string> {
  const connection = connectTls({ port: port(1), host: "127.0.0.1", servername, rejectUnauthorized: false });
  return await greeting(connection);
}

async function askUdp(size: number): Promise<string> {
  const client = createSocket("udp4");
  client.send(Buffer.alloc(size), port(2), "127.0.0.1");
  const silence = AbortSignal.timeout(300);
  const answer = await once(client, "message", { signal: silence }).then(
    ([data]) => String(data),
    () => "",
  );
  client.close();
  return answer;
}

const settled = async (): Promise<boolean> =>
  await vi.waitUntil(() => envoy.isSettled(), { timeout: 20_000, interval: 10 });

beforeAll(async () => {
  ports = await freePorts(3);
  certificate = await selfSignedCertificate("*.example.test");
  const greet = (name: string) => (connection: Connection) => connection.on("error", () => undefined).end(name);
  servers = [
    createServer(greet("one")),
    createServer(greet("two")),
    createTlsServer({ key: certificate.key, cert: certificate.certificate }, greet("secure")),
  ];
  await Promise.all(servers.map(async (server) => await once(server.listen(0, "127.0.0.1"), "listening")));
  udp = ["one", "two"].map((name) => {
    const server = createSocket("udp4");
    return server.on("message", (data, from) => server.send(`${name} ${data.length}`, from.port, from.address));
  });
  await Promise.all(udp.map(async (server) => await once(server.bind(0, "127.0.0.1"), "listening")));
  const trust = "ConfigMap/data/trust" as TrustBundleKey;
  const tls = { hostname: host, trust: { kind: "bundle", bundle: trust }, subjectAltNames: [] } as const;
  envoy = await startModelProxy({
    sockets: [
      socket("tcp", port(0), [{ kind: "tcp", listeners: [listener], target: streamKey("divided") }]),
      socket("tcp", port(1), [
        { kind: "tls", listeners: [listener], serverNames: ["through.example.test"], target: streamKey("through") },
        { kind: "tls", listeners: [listener], serverNames: ["closed.example.test"] },
        {
          kind: "tls",
          listeners: [listener],
          serverNames: ["*.example.test"],
          target: streamKey("again"),
          tls: { certificates: [exampleKey] },
        },
      ]),
      socket("udp", port(2), [{ kind: "udp", listeners: [listener], target: streamKey("datagrams") }]),
    ],
    streamBackends: [
      stream("divided", "tcp", [
        { weight: 2, endpoints: set("one") },
        { weight: 1, endpoints: set("two") },
        { weight: 1 },
      ]),
      stream("through", "tcp", [{ weight: 1, endpoints: set("secure") }]),
      stream("again", "tcp", [
        { weight: 1, endpoints: set("secure"), tls },
        { weight: 1, endpoints: set("one") },
      ]),
      stream("datagrams", "udp", [{ weight: 3, endpoints: set("udp-one"), origin: datagramService }, { weight: 1 }]),
    ],
    endpointSets: [
      ...names.map((name, index) => endpointSet(name, [portOf(servers[index] ?? createServer())])),
      endpointSet("udp-one", udp.slice(0, 1).map(portOf)),
    ],
    certificates: [{ key: exampleKey, certificateChain: certificate.certificate, privateKey: certificate.key }],
    trustBundles: [{ key: trust, certificates: certificate.certificate }],
  });
  await settled();
  await vi.waitUntil(async () => (await askTcp()) !== "", { timeout: 5_000, interval: 10 });
});

afterAll(async () => {
  await envoy.stop();
  for (const server of [...servers, ...udp]) server.close();
});

test("connections are divided by weight, and the share of an unresolved reference is refused at once", async () => {
  expect(await count(40, askTcp)).toEqual({ one: 20, two: 10, "": 10 });
});

test("a change of weights sends endpoints and nothing else", async () => {
  envoy.sent.length = 0;
  envoy.batch(({ streamBackends }) =>
    streamBackends.set(
      stream("divided", "tcp", [
        { weight: 1, endpoints: set("one") },
        { weight: 3, endpoints: set("two") },
      ]),
    ),
  );
  await settled();
  expect(envoy.sent).toEqual([streamKey("divided")]);
  expect(await count(40, askTcp)).toEqual({ one: 10, two: 30 });
});

test("two targets that share an endpoint both count", async () => {
  const both = [port, port].map(() => ({ weight: 1, endpoints: set("one") }));
  envoy.batch(({ streamBackends }) =>
    streamBackends.set(stream("divided", "tcp", [...both, { weight: 2, endpoints: set("two") }])),
  );
  await settled();
  expect(await count(40, askTcp)).toEqual({ one: 20, two: 20 });
});

test("TLS is passed through by server name, and closed where no route is", async () => {
  expect(await count(4, async () => await askTls("through.example.test"))).toEqual({ secure: 4 });
  expect(await count(4, async () => await askTls("closed.example.test"))).toEqual({ "": 4 });
});

test("terminated TLS goes on as each target wants it: with TLS of its own, or without", async () => {
  expect(await count(20, async () => await askTls(host))).toEqual({ secure: 10, one: 10 });
});

test("datagrams of any size are forwarded, and the unresolved share is dropped", async () => {
  const counts = await count(20, async () => await askUdp(60_000));
  expect(counts).toEqual({ "one 60000": 15, "": 5 });
});

test("sessions of datagrams are counted by Service when they end, with what they carried", async () => {
  envoy.batch(({ sockets }) => sockets.delete(socketKey(proxy, "127.0.0.1", "udp", port(2))));
  const of = async (metric: string): Promise<number> => {
    const page = await envoy.envoy.admin("/stats/prometheus");
    const series = readPage(page).filter(({ name, labels }) => {
      const { destination_namespace: namespace, destination_service: service } = labels;
      return name === `envoy_trilith_${metric}` && namespace === "data" && service === "udp-one";
    });
    return series.reduce((sum, { value }) => sum + value, 0);
  };
  await vi.waitUntil(async () => (await of("sessions_closed_total")) === 15, { timeout: 20_000, interval: 50 });
  expect([await of("session_received_bytes_total"), await of("session_sent_bytes_total")]).toEqual([
    15 * 60_000,
    15 * "one 60000".length,
  ]);
});

test("the proxy complains about nothing", () => {
  expect(envoy.facts.filter(({ kind }) => kind === "refused" || kind === "held")).toEqual([]);
});
