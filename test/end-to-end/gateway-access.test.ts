/** Who may come in through a Gateway (AccessPolicy), in a real Envoy: by path, method, hostname, port and client certificate, and who tries tricks. */
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { type Certificate, selfSignedCertificate } from "../support/certificate.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { Http2Client } from "../support/http2-client.ts";
import { type Manifest, route, service, tlsSecret, to } from "../support/manifests.ts";
import { type RawRequest, rawRequest } from "../support/raw-request.ts";

const GATEWAY_API = "gateway.networking.k8s.io";
const HOST = "shop.test";
const WEB = "spiffe://cluster.local/ns/shop/sa/web";
const EVE = "spiffe://cluster.local/ns/shop/sa/web-evil";
const POLLED = { timeout: 20_000, interval: 10 };

const policy = (name: string, spec: object): Manifest => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name },
  spec: { targetRefs: [{ group: GATEWAY_API, kind: "Gateway", name: "edge" }], ...spec },
});

const requests = (...of: object[]): object => ({ rules: [{ requests: of }] });
const under = (value: string): object => ({ paths: [{ type: "PathPrefix", value }] });

describe.skipIf(envoyBinary() === undefined)("an AccessPolicy for a Gateway", () => {
  let served: ServedGateway;
  let echo: EchoServer;
  let base: Manifest[];
  let ports: { http: number; https: number; fallback: number; unasked: number; tcp: number };
  let clients: { web: Certificate; eve: Certificate; forged: Certificate };

  beforeAll(async () => {
    const [http = 0, https = 0, fallback = 0, unasked = 0, tcp = 0] = await freePorts(5);
    ports = { http, https, fallback, unasked, tcp };
    echo = await startEchoServer("shop");
    const authority = await createCertificateAuthority();
    const issue = (uri: string): Promise<Certificate> =>
      authority.issue({ commonName: "client", names: [uri], use: "client" });
    const forger = await createCertificateAuthority("Somebody");
    clients = {
      web: await issue(WEB),
      eve: await issue(EVE),
      forged: await forger.issue({ commonName: "client", names: [WEB], use: "client" }),
    };
    const validation = (mode: string): object => ({
      validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "clients" }], mode },
    });
    const tls = { certificateRefs: [{ name: "server" }] };
    base = [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "clients" }, data: { "ca.crt": authority.certificate } },
      tlsSecret("server", await selfSignedCertificate(HOST)),
      {
        apiVersion: `${GATEWAY_API}/v1`,
        kind: "Gateway",
        metadata: { name: "edge" },
        spec: {
          gatewayClassName: "trilith",
          listeners: [
            { name: "http", port: http, protocol: "HTTP" },
            { name: "https", port: https, protocol: "HTTPS", tls },
            { name: "fallback", port: fallback, protocol: "HTTPS", tls },
            { name: "unasked", port: unasked, protocol: "HTTPS", tls },
            { name: "tcp", port: tcp, protocol: "TCP" },
          ],
          tls: {
            frontend: {
              default: validation("AllowValidOnly"),
              perPort: [
                { port: fallback, tls: validation("AllowInsecureFallback") },
                { port: unasked, tls: {} },
              ],
            },
          },
        },
      },
      ...service("shop", [echo.port]),
      route({ name: "shop", parent: "edge", rules: [{ backendRefs: [to("shop")] }] }),
      route({
        kind: "TCPRoute",
        name: "bytes",
        parent: "edge",
        section: "tcp",
        rules: [{ backendRefs: [to("shop")] }],
      }),
    ];
    served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-gateway-access-")));
  });

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await echo.stop();
  });

  /** Serves with these policies, until the answer to `probe` is the expected one: a filter that changes is seen by nothing else. */
  async function enforce(policies: readonly Manifest[], probe: Partial<RawRequest>, status: number): Promise<void> {
    await served.serve(validated([...base, ...policies]));
    await expect.poll(() => ask(probe), POLLED).toBe(status);
  }

  const ask = async (request: Partial<RawRequest> = {}): Promise<number> =>
    (await rawRequest({ port: ports.http, host: HOST, ...request })).status;

  const over = (port: number, { certificate: cert, key }: { certificate?: string; key?: string } = {}) => ({
    port,
    tls: { servername: HOST, ...(cert !== undefined && { cert, key }) },
  });

  async function answers(paths: readonly string[], more: Partial<RawRequest> = {}): Promise<Record<string, number>> {
    const statuses = paths.map(async (path) => [path, await ask({ path, ...more })] as const);
    return Object.fromEntries(await Promise.all(statuses));
  }

  const all = (paths: readonly string[], status: number): Record<string, number> =>
    Object.fromEntries(paths.map((path) => [path, status]));

  test("without policies everything goes through", async () => {
    await enforce([], {}, 200);
    expect(await ask({ ...over(ports.https, clients.web) })).toBe(200);
  });

  test("denies a path however it is written, and nothing else", async () => {
    const deny = policy("deny", { action: "Deny", ...requests(under("/admin")) });
    await enforce([deny], { path: "/admin" }, 403);
    const tricks = [
      "/admin",
      "/admin/",
      "/admin?a=b",
      "/admin/x",
      "/ADMIN",
      "/Admin/x",
      "/%61dmin",
      "/x/../admin",
      "/./admin",
      "/x/%2e%2e/admin",
      "//admin",
      "/x//admin",
      "/admin;x=1",
      "/x%2F..%2Fadmin",
      "/admin%2Fx",
      String.raw`/x\..\admin`,
      "/admin%5C",
      "/%C0%AEadmin",
    ];
    expect(await answers(tricks)).toEqual(all(tricks, 403));
    const open = ["/", "/administer", "/public/admin", "/caf%C3%A9", "/a%20b", "/public?path=/admin"];
    expect(await answers(open)).toEqual(all(open, 200));
  });

  test("allows only what a rule says, and nothing that can be read in two ways", async () => {
    const allow = policy("allow", requests({ methods: ["GET"], hostnames: [HOST, "*.shop.test"], ...under("/items") }));
    await enforce([allow], { path: "/" }, 403);
    const good = ["/items", "/items/", "/items/1?x=/admin", "/x/../items", "/items/caf%C3%A9"];
    expect(await answers(good)).toEqual(all(good, 200));
    const bad = [
      "/",
      "/ITEMS",
      "/itemsx",
      "/items/../admin",
      "/items//x",
      "/items;x",
      "/items%2F1",
      "/items/%2e%2e/admin",
    ];
    expect(await answers(bad)).toEqual(all(bad, 403));
    const path = "/items";
    for (const host of ["SHOP.test", `shop.test:${ports.http}`, "shop.test.", "a.b.shop.test", "A.shop.test:1"])
      expect([host, await ask({ path, host })]).toEqual([host, 200]);
    for (const host of ["other.test", "shop.test.evil", "xshop.test", ".shop.test", "shop.test:80@other.test", ""])
      expect([host, await ask({ path, host }).catch(() => 0)]).not.toEqual([host, 200]);
    for (const method of ["POST", "get", "DELETE"])
      expect([method, await ask({ path, method })]).not.toEqual([method, 200]);
    const twice = { path, host: "other.test", headers: [["host", HOST]] as const };
    expect(await ask(twice)).not.toBe(200);
    expect(await ask({ path: "http://shop.test/admin" })).toBe(403);
    const client = new Http2Client(ports.http);
    const byHeaders = async (headers: Record<string, string>): Promise<number> =>
      (await client.request({ ":path": path, ...headers })).status;
    expect(await byHeaders({ ":authority": HOST })).toBe(200);
    expect(await byHeaders({ ":authority": "other.test", host: HOST })).toBe(403);
    expect(await byHeaders({ ":authority": HOST, ":path": "/items/../admin" })).toBe(403);
    client.close();
  });

  test("knows a caller by a validated client certificate alone", async () => {
    const allow = policy("allow", { rules: [{ sources: [{ type: "Identity", identity: WEB }] }] });
    await enforce([allow], {}, 403);
    expect(await ask(over(ports.https, clients.web))).toBe(200);
    expect(await ask(over(ports.https, clients.eve))).toBe(403);
    // A handshake without a certificate, or with a forged one, does not even get as far.
    await expect(ask(over(ports.https))).rejects.toThrow();
    await expect(ask(over(ports.https, clients.forged))).rejects.toThrow();
    // Who takes any certificate has validated none.
    expect(await ask(over(ports.fallback, clients.forged))).toBe(403);
    expect(await ask(over(ports.fallback, clients.web))).toBe(403);
    expect(await ask(over(ports.fallback))).toBe(403);
    // Nor has who asks for none.
    expect(await ask(over(ports.unasked, clients.web))).toBe(403);
    expect(await ask({ headers: [["x-forwarded-client-cert", `URI=${WEB}`]] })).toBe(403);
  });

  test("denies an identity, also one that is only claimed", async () => {
    const deny = policy("deny", { action: "Deny", rules: [{ sources: [{ type: "Identity", identity: WEB }] }] });
    await enforce([deny], over(ports.https, clients.web), 403);
    expect(await ask(over(ports.https, clients.eve))).toBe(200);
    expect(await ask(over(ports.fallback, clients.forged))).toBe(403);
    expect(await ask()).toBe(200);
  });

  test("denies who has shown no validated certificate", async () => {
    await enforce([policy("deny", { action: "Deny", rules: [{ sources: [{ type: "Outside" }] }] })], {}, 403);
    expect(await ask(over(ports.https, clients.eve))).toBe(200);
    expect(await ask(over(ports.fallback, clients.forged))).toBe(403);
    expect(await ask(over(ports.fallback))).toBe(403);
    expect(await ask(over(ports.unasked))).toBe(403);
    expect(await ask(over(ports.unasked, clients.web))).toBe(403);
    await enforce([policy("allow", { rules: [{ sources: [{ type: "Outside" }] }] })], {}, 200);
    expect(await ask(over(ports.https, clients.eve))).toBe(403);
    expect(await ask(over(ports.unasked))).toBe(200);
  });

  test("takes a rule for callers of the mesh for one that no caller of a Gateway matches", async () => {
    const sources = [{ type: "Mesh" }, { type: "Namespace", namespace: "shop" }];
    await enforce([policy("allow", { rules: [{ sources }] })], {}, 403);
    expect(await ask(over(ports.https, clients.web))).toBe(403);
  });

  test("decides by the listener's port, and about connections that are not known to be HTTP", async () => {
    const firstAnswer = (): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(ports.tcp, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
        socket.on("data", (data: Buffer) => {
          resolve(data.toString().slice(0, 12));
          socket.destroy();
        });
        socket.on("close", () => resolve("closed"));
        socket.on("error", () => resolve("closed"));
      });
    await enforce([policy("all", requests({ ports: [ports.tcp] }))], {}, 403);
    expect(await firstAnswer()).toBe("HTTP/1.1 200");
    // Nobody knows the paths of bytes: what allows by one does not allow them, and what denies by one denies them.
    await enforce([policy("paths", requests(under("/")))], {}, 200);
    expect(await firstAnswer()).toBe("closed");
    await enforce([policy("deny", { action: "Deny", ...requests(under("/admin")) })], { path: "/admin" }, 403);
    expect(await firstAnswer()).toBe("closed");
  });

  test("refuses everything with neither rules nor another policy, and adds up with others", async () => {
    await enforce([policy("nothing", {})], {}, 403);
    await enforce([policy("nothing", {}), policy("some", requests(under("/items")))], { path: "/items" }, 200);
    expect(await ask({ path: "/other" })).toBe(403);
  });

  test("that only audits lets everything through", async () => {
    await enforce([policy("nothing", { mode: "Audit" })], {}, 200);
  });

  test("is about its Gateway alone: policies of the namespace are for workloads", async () => {
    const ofNamespace = {
      apiVersion: "trilith.dev/v1alpha1",
      kind: "AccessPolicy",
      metadata: { name: "all" },
      spec: {},
    };
    await enforce([ofNamespace], {}, 200);
  });

  test("changes while a connection is open, which stays open and is decided by the new one", async () => {
    await enforce([], {}, 200);
    const client = new Http2Client(ports.http);
    const status = async (): Promise<number> =>
      (await client.request({ ":path": "/items", ":authority": HOST })).status;
    expect(await status()).toBe(200);
    for (const [spec, expected] of [
      [requests(under("/other")), 403],
      [requests(under("/items")), 200],
      [{ action: "Deny", ...requests(under("/items")) }, 403],
    ] as const) {
      await served.serve(validated([...base, policy("changing", spec)]));
      await expect.poll(status, POLLED).toBe(expected);
    }
    client.close();
  });
});
