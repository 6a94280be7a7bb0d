/**
 * HTTP and HTTPS listeners and TLS to backends, in a real Envoy that gets what the model says over a real stream: hosts find
 * their table by name, listeners of one port stay apart, and one that is added or renewed disturbs nobody.
 */
import { once } from "node:events";
import { createServer, request as requestHttp } from "node:http";
import type { Server as HttpServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import type { RequestOptions } from "node:https";
import { createServer as createTlsServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import type { Socket as Connection } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type {
  Backend,
  BackendKey,
  BackendTls,
  Chain,
  RouteTable,
  ServerTls,
  Socket,
  TrustBundleKey,
  VirtualHost,
} from "../../src/model/index.ts";
import {
  certificateKey,
  endpointSetKey,
  listenerKey,
  proxyKey,
  routeTableKey,
  socketKey,
  virtualHostKey,
} from "../../src/model/index.ts";
import { selfSignedCertificate } from "../support/certificate.ts";
import type { Certificate } from "../support/certificate.ts";
import { startEchoServer } from "../support/echo-server.ts";
import type { EchoServer } from "../support/echo-server.ts";
import { freePorts } from "../support/free-ports.ts";
import { entryOf, forwardTo, httpModelOf, labelled, matchOf, ruleOf, weighted } from "../support/http-model.ts";
import { startModelProxy } from "../support/model-proxy.ts";
import type { ModelProxy } from "../support/model-proxy.ts";
import type { Model } from "../support/model-records.ts";
import { plainRequest } from "../support/plain-request.ts";

const proxy = proxyKey("local");
const gateway = { namespace: "test", name: "gateway" };
const trust = "ConfigMap/test/trust" as TrustBundleKey;
const serving = certificateKey({ namespace: "test", name: "serving" });
const secureSet = endpointSetKey({ kind: "Service", namespace: "test", name: "secure" }, 443);

let httpPort = 0;
let httpsPort = 0;
let echo: EchoServer;
let secure: Server;
let upgrader: HttpServer;
let certificate: Certificate;
let envoy: ModelProxy;

const gatewayListener = (name: string) => listenerKey({ kind: "Gateway", namespace: "test", name: "gateway" }, name);
const httpsSocket = () => socketKey(proxy, "127.0.0.1", "tcp", httpsPort);
const httpsTable = (name: string) => routeTableKey(httpsSocket(), gatewayListener(name));

function httpsChain(name: string, serverNames: readonly string[], tls: Partial<ServerTls> = {}): Chain {
  const listeners = [gatewayListener(name)];
  return { kind: "https", listeners, serverNames, table: httpsTable(name), tls: { certificates: [serving], ...tls } };
}

/** A host of the listener's own table, which tells the backend the listener's name. */
const httpsHost = (name: string): VirtualHost => ({
  key: virtualHostKey(httpsTable(name), "*"),
  table: httpsTable(name),
  proxy,
  port: 443,
  domain: "*",
  purpose: "serve",
  entries: [labelled(name, "/*")],
});

const httpsTableOf = (name: string): RouteTable => ({ key: httpsTable(name), proxy, port: 443 });

function socketOf(chains: readonly Chain[]): Socket {
  return { key: httpsSocket(), proxy, gateway, transport: "tcp", address: "127.0.0.1", port: httpsPort, chains };
}

const demanding = { clientValidation: { trust, mode: "AllowValidOnly" } } as const;
const asking = { clientValidation: { trust, mode: "AllowInsecureFallback" } } as const;
const firstChains = (): readonly Chain[] => [
  httpsChain("plain", ["plain.example.test"]),
  httpsChain("demanding", ["demanding.example.test"], demanding),
  httpsChain("asking", ["*.example.test"], asking),
  httpsChain("old", ["old.example.test"], { maxVersion: "1.2" }),
];
const names = ["plain", "demanding", "asking", "old"];

/** Backends that differ in how they are trusted; each has the one server that speaks TLS. */
const trusting: Readonly<Record<string, Partial<BackendTls>>> = {
  exact: { hostname: "backend.example.test" },
  other: { hostname: "backend.elsewhere.test" },
  system: { trust: { kind: "system" } },
  alternative: { hostname: "any.test", subjectAltNames: [{ type: "Hostname", value: "*.example.test" }] },
  uri: { subjectAltNames: [{ type: "URI", value: "spiffe://test/backend" }] },
  client: { clientCertificate: serving },
};

const secureBackend = ([name, tls]: readonly [string, Partial<BackendTls>]): Backend => ({
  key: `Service/test/${name}/80` as BackendKey,
  origin: { kind: "Service", namespace: "test", name, port: 443 },
  protocol: "http",
  endpoints: secureSet,
  tls: { hostname: "backend.example.test", trust: { kind: "bundle", bundle: trust }, subjectAltNames: [], ...tls },
});

function modelOf(plain: Model): Model {
  return {
    ...plain,
    sockets: [...(plain.sockets ?? []), socketOf(firstChains())],
    routeTables: [...(plain.routeTables ?? []), ...names.map(httpsTableOf)],
    virtualHosts: [...(plain.virtualHosts ?? []), ...names.map(httpsHost)],
    backends: [...(plain.backends ?? []), ...Object.entries(trusting).map(secureBackend)],
    endpointSets: [
      ...(plain.endpointSets ?? []),
      {
        key: secureSet,
        origin: { kind: "Service", namespace: "test", name: "secure", port: 443 },
        endpoints: [{ address: "127.0.0.1", port: (secure.address() as AddressInfo).port }],
      },
    ],
    certificates: [{ key: serving, certificateChain: certificate.certificate, privateKey: certificate.key }],
    trustBundles: [{ key: trust, certificates: certificate.certificate }],
  };
}

interface SecureAnswer {
  readonly entry: string;
  readonly tls: string | null;
  readonly localPort: number;
}

/** Which entry a request over TLS came by, or the code of what went wrong. */
async function askHttps(servername: string, options: RequestOptions = {}): Promise<SecureAnswer | string> {
  return await new Promise((resolve) => {
    const headers = { host: servername };
    const to = { host: "127.0.0.1", port: httpsPort, servername, headers, rejectUnauthorized: false, agent: false };
    const outgoing = request({ ...to, ...options }, (response) => {
      const connection = response.socket as typeof response.socket & { getProtocol(): string | null };
      const { localPort = 0 } = connection;
      const tls = connection.getProtocol();
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => {
        const echoed = JSON.parse(body) as { headers: Readonly<Record<string, string>> };
        resolve({ entry: echoed.headers["x-entry"] ?? "", tls, localPort });
      });
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end();
  });
}

const entryAt = async (servername: string, options: RequestOptions = {}): Promise<string> => {
  const answer = await askHttps(servername, options);
  return typeof answer === "string" ? answer : answer.entry;
};

async function settled(): Promise<void> {
  await vi.waitUntil(() => envoy.isSettled(), { timeout: 20_000, interval: 10 });
}

beforeAll(async () => {
  [httpPort = 0, httpsPort = 0] = await freePorts(2);
  certificate = await selfSignedCertificate("*.example.test");
  echo = await startEchoServer("a");
  const { key, certificate: cert } = certificate;
  const options = { key, cert, ca: [cert], requestCert: true, rejectUnauthorized: false };
  secure = createTlsServer(options, (incoming, response) => {
    const { authorized } = incoming.socket as typeof incoming.socket & { authorized: boolean };
    response.end(JSON.stringify({ headers: { "x-entry": authorized ? "with a certificate" : "without one" } }));
  });
  await once(secure.listen(0, "127.0.0.1"), "listening");
  upgrader = createServer().on("upgrade", (_request, connection: Connection) => {
    connection.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    connection.on("error", () => undefined).pipe(connection);
  });
  await once(upgrader.listen(0, "127.0.0.1"), "listening");
  const upgraderPort = (upgrader.address() as AddressInfo).port;
  const backends = new Map([
    ["a", echo.port],
    ["upgrader", upgraderPort],
  ]);
  const hosts = [
    { domain: "upgrade.test", entries: [entryOf(matchOf("/*"), ruleOf("upgrade", forwardTo(weighted("upgrader"))))] },
    { domain: "*", entries: [labelled("any", "/*")] },
    { domain: "*.example.test", entries: [labelled("wildcard", "/*")] },
    { domain: "a.example.test", entries: [labelled("exact", "/*")] },
    ...Object.keys(trusting).map((name) => ({
      domain: `${name}.secure.test`,
      entries: [entryOf(matchOf("/*"), ruleOf(name, forwardTo(weighted(name))))],
    })),
  ];
  envoy = await startModelProxy(modelOf(httpModelOf(httpPort, hosts, backends)));
  await settled();
  await vi.waitUntil(async () => (await entryAt("plain.example.test")) === "plain", { timeout: 5_000, interval: 10 });
});

afterAll(async () => {
  await envoy.stop();
  await echo.stop();
  for (const server of [secure, upgrader]) {
    server.closeAllConnections();
    server.close();
  }
});

test("hosts arrive under the names of their tables, and the most specific one answers, whatever port the client names", async () => {
  const ask = async (host: string): Promise<unknown> => {
    const { echoed } = await plainRequest(httpPort, host, "/");
    return [echoed?.headers["x-entry"], echoed?.headers.host];
  };
  expect([
    await ask("a.example.test"),
    await ask("A.example.test:1234"),
    await ask("b.c.example.test"),
    await ask("elsewhere.test."),
  ]).toEqual([
    ["exact", "a.example.test"],
    ["exact", "A.example.test:1234"],
    ["wildcard", "b.c.example.test"],
    ["any", "elsewhere.test"],
  ]);
});

test("dot segments are resolved, slashes and escaped slashes are left alone", async () => {
  const pathOf = async (path: string) => (await plainRequest(httpPort, "a.example.test", path)).echoed?.path;
  expect([await pathOf("/a/../b/./c?x=/../y"), await pathOf("/a//b"), await pathOf("/a%2Fb%2f..%2Fc")]).toEqual([
    "/b/c?x=/../y",
    "/a//b",
    "/a%2Fb%2f..%2Fc",
  ]);
});

test("the backend learns who asked; what a client says about the proxy's own workings is removed", async () => {
  const headers = {
    "x-request-id": "mine",
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-proto": "https",
    "x-envoy-max-retries": "9",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-forwarded-client-cert": "By=me",
    "x-trilith-route-path": "/else",
    odd_name: "kept",
  };
  const answer = await plainRequest(httpPort, "a.example.test", "/", { headers });
  const seen = answer.echoed?.headers ?? {};
  const { connection: _, date: __, ...answered } = answer.headers;
  expect([seen, answered]).toEqual([
    {
      host: "a.example.test",
      odd_name: "kept",
      "x-entry": "exact",
      "x-envoy-external-address": "127.0.0.1",
      // What follows is the address of this machine, by which Envoy calls a client on loopback.
      "x-forwarded-for": expect.stringMatching(/^192\.0\.2\.1,[^,]+$/) as string,
      "x-forwarded-proto": "http",
      "x-request-id": "mine",
    },
    { "content-type": "application/json", "transfer-encoding": "chunked", "x-backend": "a" },
  ]);
});

test("HTTPS listeners of one port are told apart by server name", async () => {
  expect([
    await entryAt("plain.example.test"),
    await entryAt("else.example.test"),
    await entryAt("nobody.test"),
    await askHttps("old.example.test", { minVersion: "TLSv1.3" }),
  ]).toEqual(["plain", "asking", "ECONNRESET", "EPROTO"]);
});

test("a client must prove itself where only valid certificates are allowed, and need not where the listener falls back", async () => {
  const stranger = await selfSignedCertificate("stranger.test");
  const asStranger = { key: stranger.key, cert: stranger.certificate };
  const asFriend = { key: certificate.key, cert: certificate.certificate };
  expect({
    nobody: await entryAt("demanding.example.test"),
    stranger: await entryAt("demanding.example.test", asStranger),
    friend: await entryAt("demanding.example.test", asFriend),
    fallback: [await entryAt("x.example.test"), await entryAt("x.example.test", asStranger)],
  }).toEqual({
    nobody: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    stranger: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    friend: "demanding",
    fallback: ["asking", "asking"],
  });
});

test("connections live on while another listener of their port is added, changed and removed", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (): Promise<unknown> => await askHttps("plain.example.test", { agent });
  const before = await ask();
  envoy.sent.length = 0;
  const change = async (chains: readonly Chain[]): Promise<void> => {
    envoy.batch(({ sockets }) => sockets.set(socketOf(chains)));
    await settled();
  };
  envoy.batch(({ sockets, routeTables, virtualHosts }) => {
    routeTables.set(httpsTableOf("new"));
    virtualHosts.set(httpsHost("new"));
    sockets.set(socketOf([...firstChains(), httpsChain("new", ["new.example.test"])]));
  });
  await settled();
  await expect.poll(async () => await entryAt("new.example.test")).toBe("new");
  const added = [...new Set(envoy.sent)];
  await change([...firstChains(), httpsChain("new", ["new.example.test"], { minVersion: "1.3" })]);
  await change(firstChains());
  await expect.poll(async () => await entryAt("new.example.test")).toBe("asking");
  // Longer than the drain time of one second: a drained connection would be closed by now.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await ask()).toEqual(before);
  expect(added).toEqual([httpsSocket(), httpsTable("new"), virtualHostKey(httpsTable("new"), "*")]);
  agent.destroy();
});

test("connections to IPv4 live on while a socket of IPv6 comes beside theirs, and goes", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const [port = 0] = await freePorts(1);
  const socketAt = (address: string): Socket => ({
    ...socketOf(firstChains()),
    key: socketKey(proxy, address, "tcp", port),
    address,
    ...(address === "::" && { onlyIPv6: true }),
    port,
  });
  const ask = async (host: string): Promise<unknown> =>
    await askHttps("plain.example.test", { host, port, ...(host === "127.0.0.1" && { agent }) });
  envoy.batch(({ sockets }) => sockets.set(socketAt("0.0.0.0")));
  await settled();
  const before = await ask("127.0.0.1");
  envoy.batch(({ sockets }) => sockets.set(socketAt("::")));
  await expect.poll(() => ask("::1")).toEqual({ ...(before as object), localPort: expect.any(Number) as number });
  envoy.batch(({ sockets }) => sockets.delete(socketAt("::").key));
  await expect.poll(() => ask("::1")).toBe("ECONNREFUSED");
  expect(await ask("127.0.0.1")).toEqual(before);
  agent.destroy();
  envoy.batch(({ sockets }) => sockets.delete(socketAt("0.0.0.0").key));
});

test("a renewed certificate is served to new connections, and nothing but the secret is sent", async () => {
  envoy.sent.length = 0;
  const { certificate: chain, key } = await selfSignedCertificate("*.example.test");
  envoy.batch(({ certificates }) => certificates.set({ key: serving, certificateChain: chain, privateKey: key }));
  await settled();
  expect(await entryAt("plain.example.test", { ca: [chain], rejectUnauthorized: true })).toBe("plain");
  expect(envoy.sent).toEqual([`certificate/${serving}`]);
  const [old] = [certificate];
  envoy.batch(({ certificates }) =>
    certificates.set({ key: serving, certificateChain: old.certificate, privateKey: old.key }),
  );
  await settled();
});

test("backends are reached when they prove who they are, and by nobody else", async () => {
  const answers = Object.keys(trusting).map(async (name) => {
    const { status, echoed } = await plainRequest(httpPort, `${name}.secure.test`, "/");
    return [name, status === 200 ? echoed?.headers["x-entry"] : status];
  });
  expect(Object.fromEntries((await Promise.all(answers)) as [string, unknown][])).toEqual({
    exact: "without one",
    other: 503,
    system: 503,
    alternative: "without one",
    uri: 503,
    client: "with a certificate",
  });
});

test("a backend without endpoints answers 503, and is back as soon as it has one", async () => {
  const set = [...envoy.sources.endpointSets.values()].find(({ key }) => key.includes("/a/"));
  if (!set) throw new Error("the model has no set of that name");
  const status = async () => (await plainRequest(httpPort, "a.example.test", "/")).status;
  envoy.batch(({ endpointSets }) => endpointSets.set({ ...set, endpoints: [] }));
  await expect.poll(status, { interval: 5 }).toBe(503);
  envoy.batch(({ endpointSets }) => endpointSets.set(set));
  await expect.poll(status, { interval: 5 }).toBe(200);
});

test("HTTP/1.0, HTTP/2 with prior knowledge and WebSockets are understood", async () => {
  const old = connect(httpPort, "127.0.0.1");
  old.write("GET / HTTP/1.0\r\nHost: a.example.test\r\n\r\n");
  const [first] = (await once(old, "data")) as [Buffer];
  old.destroy();
  const session = connectHttp2(`http://127.0.0.1:${httpPort}`);
  const stream = session.request({ ":path": "/", ":authority": "a.example.test" });
  const [{ ":status": status }] = (await once(stream, "response")) as [{ ":status": number }];
  session.destroy();
  const headers = { host: "upgrade.test", connection: "Upgrade", upgrade: "websocket" };
  const upgrade = requestHttp({ port: httpPort, host: "127.0.0.1", headers }).end();
  const [{ statusCode }, webSocket] = (await once(upgrade, "upgrade")) as [{ statusCode: number }, Connection];
  webSocket.write("hello");
  const [echoed] = (await once(webSocket, "data")) as [Buffer];
  webSocket.destroy();
  expect([String(first).split("\r\n")[0], status, statusCode, String(echoed)]).toEqual([
    "HTTP/1.0 200 OK",
    200,
    101,
    "hello",
  ]);
});

test("the proxy complains about nothing", () => {
  expect(envoy.facts.filter(({ kind }) => kind === "refused" || kind === "held")).toEqual([]);
});
