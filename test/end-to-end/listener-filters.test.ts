/**
 * Filters of listeners in a real Envoy: they run in their order, for every request of their listener and of no other, before
 * a route is chosen, and what they add chooses it (GEP-5224).
 */
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { type Manifest, route, service, to } from "../support/manifests.ts";
import { plainRequest } from "../support/plain-request.ts";

interface Verdict {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An authorisation service; `order` gets the names of those that are asked. */
async function startGuard(
  name: string,
  order: string[],
  decide: (headers: IncomingHttpHeaders, path: string) => Verdict,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    order.push(name);
    const { status, headers = {} } = decide(request.headers, request.url ?? "");
    response.writeHead(status, headers).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, port: (server.address() as AddressInfo).port };
}

const authBy = (
  name: string,
  allowedHeaders: readonly string[],
  allowedResponseHeaders: readonly string[],
): object => ({
  type: "ExternalAuth",
  externalAuth: { protocol: "HTTP", backendRef: to(name), http: { allowedHeaders, allowedResponseHeaders } },
});

const listener = (name: string, port: number, hostname: string, requests: readonly object[]): object => ({
  name,
  port,
  protocol: "HTTP",
  hostname,
  ...(requests.length > 0 && { filters: { requests } }),
});

const gatewayOf = (listeners: readonly object[]): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "edge" },
  spec: { gatewayClassName: "trilith", listeners },
});

const under = (path: string, tenant?: string): object => ({
  path: { type: "PathPrefix", value: path },
  ...(tenant !== undefined && { headers: [{ name: "x-tenant", value: tenant }] }),
});

describe.skipIf(envoyBinary() === undefined)("a listener with two filters", () => {
  const order: string[] = [];
  const backends: EchoServer[] = [];
  const guards: { readonly server: Server; readonly port: number }[] = [];
  let served: ServedGateway;
  let port = 0;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-listener-filters-")));
    for (const name of ["plain", "blue", "green"]) backends.push(await startEchoServer(name));
    const tenants: Readonly<Record<string, string>> = { alice: "blue", bob: "green", eve: "red" };
    guards.push(
      await startGuard("who", order, ({ "x-user": user }) => {
        const tenant = tenants[String(user)];
        return tenant === undefined
          ? { status: 401 }
          : { status: 200, headers: { "x-tenant": tenant, host: "open.test", "x-not-allowed": "1" } };
      }),
      await startGuard("allowed", order, ({ "x-tenant": tenant }) => ({ status: tenant === "red" ? 403 : 200 })),
      await startGuard("route", order, (_headers, path) => ({ status: path.startsWith("/secret") ? 418 : 200 })),
    );
    await served.serve(validated(objects()));
  }, 60_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await Promise.all(backends.map(async (backend) => await backend.stop()));
    for (const { server } of guards) server.close();
  });

  function objects(): Manifest[] {
    const services = [
      ...["plain", "blue", "green"].flatMap((name, index) => service(name, [backends[index]?.port ?? 0])),
      ...["who", "allowed", "route"].flatMap((name, index) => service(name, [guards[index]?.port ?? 0])),
    ];
    const tail = Array.from({ length: 16 }, (_, index) => ({
      matches: [under(`/many/${index}`)],
      backendRefs: [to("plain")],
    }));
    return [
      gatewayOf([
        listener("guarded", port, "guarded.test", [
          authBy("who", ["x-user"], ["x-tenant", "host"]),
          authBy("allowed", ["x-tenant"], []),
        ]),
        listener("large", port, "large.test", [authBy("who", ["x-user"], ["x-tenant"])]),
        listener("closed", port, "closed.test", [authBy("nobody", [], [])]),
        listener("open", port, "open.test", []),
      ]),
      ...services,
      route({
        name: "tenants",
        parent: "edge",
        rules: [
          {
            matches: [under("/api", "blue")],
            filters: [authBy("route", [], [])],
            backendRefs: [to("blue")],
          },
          { matches: [under("/secret", "blue")], filters: [authBy("route", [], [])], backendRefs: [to("blue")] },
          { matches: [under("/api", "green")], backendRefs: [to("green")] },
          { matches: [under("/api"), under("/secret")], backendRefs: [to("plain")] },
        ],
      }),
      route({ name: "many", parent: "edge", section: "large", rules: tail }),
    ];
  }

  /** `200 blue`, and who was asked on the way. */
  async function ask(host: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    order.length = 0;
    const { status, echoed } = await plainRequest(port, host, path, { headers });
    return [status, echoed?.backend, ...order].filter((part) => part !== undefined).join(" ");
  }

  test.each([
    ["a stranger is refused before a route is looked for", "guarded.test", "/nowhere", {}, "401 who"],
    ["a stranger is refused where there is a route", "guarded.test", "/api", {}, "401 who"],
    [
      "what the first filter adds chooses the route",
      "guarded.test",
      "/api",
      { "x-user": "bob" },
      "200 green who allowed",
    ],
    [
      "what the client says of itself is overwritten",
      "guarded.test",
      "/api",
      { "x-user": "bob", "x-tenant": "blue" },
      "200 green who allowed",
    ],
    ["the second filter sees what the first has added", "guarded.test", "/api", { "x-user": "eve" }, "403 who allowed"],
    [
      "a filter of the chosen route runs after them",
      "guarded.test",
      "/api",
      { "x-user": "alice" },
      "200 blue who allowed route",
    ],
    [
      "and refuses, though the route of the first look has none",
      "guarded.test",
      "/secret",
      { "x-user": "alice" },
      "418 who allowed route",
    ],
    [
      "no route is 404 after the filters have agreed",
      "guarded.test",
      "/nowhere",
      { "x-user": "bob" },
      "404 who allowed",
    ],
    ["a listener beside it asks nobody", "open.test", "/api", {}, "200 plain"],
    ["a filter whose service is not there refuses everything", "closed.test", "/api", { "x-user": "bob" }, "500"],
    ["a large host refuses strangers", "large.test", "/many/3", {}, "401 who"],
    ["a large host serves", "large.test", "/many/3/x", { "x-user": "bob" }, "200 plain who"],
    ["a large host has the last word on unknown paths", "large.test", "/few", {}, "401 who"],
    ["a large host answers 404 after its filter", "large.test", "/few", { "x-user": "bob" }, "404 who"],
  ])("%s", async (_, host, path, headers, expected) => {
    expect(await ask(host, path, headers)).toBe(expected);
  });

  test("the host that the backend sees is the client's", async () => {
    const { echoed } = await plainRequest(port, "guarded.test", "/api", { headers: { "x-user": "bob" } });
    expect([echoed?.headers.host, echoed?.headers["x-tenant"], echoed?.headers["x-not-allowed"]]).toEqual([
      "guarded.test",
      "green",
      undefined,
    ]);
  });
});
