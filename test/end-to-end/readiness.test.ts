/**
 * A route is sent to Envoy when what it leads to serves, and not before: shown with the whole of Trilith, names that take their
 * time to be resolved, and backends that take theirs to pass a health check, under load. (What the session does about secrets:
 * xds-readiness.test.ts.)
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NameResolver } from "../../src/sources/index.ts";
import { startHttpBackend } from "../backends/index.ts";
import type { Backend } from "../backends/index.ts";
import { ServedGateway, validated } from "../oracle/served-gateway.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { freePorts } from "../support/free-ports.ts";
import { backendPolicy, backendTls, externalService, gateway, route, service, to } from "../support/manifests.ts";
import type { Manifest } from "../support/manifests.ts";
import { MoodyServer } from "../support/moody-server.ts";
import { LoadTarget, PacedLoad } from "../support/paced-load.ts";

const HOST = "shop.test";
const ENOUGH = 25;

/** A resolver that knows of each name only what it was told; those who ask earlier wait. */
class ToldNames {
  readonly #answers = new Map<string, PromiseWithResolvers<readonly string[]>>();
  readonly asked: string[] = [];

  readonly lookup = (name: string): Promise<readonly string[]> => {
    this.asked.push(name);
    return this.#of(name).promise;
  };

  tell(name: string, addresses: readonly string[]): void {
    this.#of(name).resolve(addresses);
  }

  /** Fails those who wait; who asks again waits anew. */
  fail(name: string): void {
    const { reject } = this.#of(name);
    this.#answers.delete(name);
    reject(new Error(`ENOTFOUND ${name}`));
  }

  #of(name: string): PromiseWithResolvers<readonly string[]> {
    const known = this.#answers.get(name) ?? Promise.withResolvers();
    this.#answers.set(name, known);
    return known;
  }
}

let port: number;
let served: ServedGateway;
let names: ToldNames;
let resolver: NameResolver;
let backends: { readonly old: Backend; readonly next: Backend };
let load: PacedLoad;
let targets: LoadTarget[];

beforeEach(async () => {
  [port = 0] = await freePorts(1);
  backends = { old: await startHttpBackend({ name: "old" }), next: await startHttpBackend({ name: "next" }) };
  names = new ToldNames();
  served = await ServedGateway.start(mkdtempSync(join(tmpdir(), "trilith-readiness-")));
  const { graph, translation, driven } = served.engine;
  resolver = new NameResolver(graph, translation.wantedNames, driven.resolvedNames, {
    lookup: names.lookup,
    refreshMs: 20,
  });
  load = new PacedLoad("readiness");
  targets = (["http1", "http1-new", "http2"] as const).map(
    (protocol) => new LoadTarget({ protocol, port, host: HOST, path: "/" }, ["old"]),
  );
});

afterEach(async () => {
  await load.stop();
  resolver[Symbol.dispose]();
  await served[Symbol.asyncDispose]();
  await Promise.all([backends.old.close(), backends.next.close()]);
});

function want(objects: readonly Manifest[]): void {
  served.want(
    validated([gateway("edge", [{ name: "http", port }]), ...service("old", [backends.old.port]), ...objects]),
  );
}

const leadingTo = (name: string, servicePort = 80): Manifest =>
  route({ name: "shop", parent: "edge", hostnames: [HOST], rules: [{ backendRefs: [to(name, 1, servicePort)] }] });

/** Begins the load on a route that serves. */
async function startOnOld(): Promise<void> {
  want([leadingTo("old")]);
  await served.delivered();
  for (const target of targets) load.add(target);
  await load.more(3);
}

function allow(...answers: string[]): void {
  for (const target of targets) target.allowed = new Set(answers);
}

/** Until every client gets the next backend's answers only. */
async function followed(): Promise<void> {
  await expect.poll(() => backends.next.requests, { timeout: 5_000, interval: 10 }).toBeGreaterThan(0);
  await served.delivered();
  await load.more(2);
  allow("next");
  await load.more(5);
}

test("a route that leads to a name goes out when the name is resolved, and until then its last version answers", async () => {
  await startOnOld();
  const { port: nextPort } = backends.next;
  want([externalService("next", "slow.example", nextPort), leadingTo("next", nextPort)]);
  await load.more(ENOUGH);
  expect({ failures: load.failures, asked: names.asked, next: backends.next.requests }).toEqual({
    failures: [],
    asked: ["slow.example"],
    next: 0,
  });
  allow("old", "next");
  names.tell("slow.example", ["127.0.0.1"]);
  await followed();
  expect(load.failures).toEqual([]);
});

test("a new route that leads to a name does not exist before the name is resolved, and never answers 503", async () => {
  want([]);
  await served.delivered();
  allow("status 404");
  for (const target of targets) load.add(target);
  const { port: nextPort } = backends.next;
  want([externalService("next", "slow.example", nextPort), leadingTo("next", nextPort)]);
  await load.more(ENOUGH);
  allow("status 404", "next");
  names.tell("slow.example", ["127.0.0.1"]);
  await followed();
  expect(load.failures).toEqual([]);
});

test("a name that cannot be resolved is asked for again, and serves from then on", async () => {
  await startOnOld();
  const { port: nextPort } = backends.next;
  want([externalService("next", "shy.example", nextPort), leadingTo("next", nextPort)]);
  await expect.poll(() => names.asked.length, { interval: 10 }).toBe(1);
  names.fail("shy.example");
  await expect.poll(() => names.asked.length, { interval: 10 }).toBe(2);
  await load.more(ENOUGH);
  expect({ failures: load.failures, next: backends.next.requests }).toEqual({ failures: [], next: 0 });
  allow("old", "next");
  names.tell("shy.example", ["127.0.0.1"]);
  await followed();
  expect(load.failures).toEqual([]);
});

test("other hosts follow their edits while a name is being waited for", async () => {
  await startOnOld();
  const waiting = route({
    name: "waiting",
    parent: "edge",
    hostnames: ["waiting.test"],
    rules: [{ backendRefs: [to("slow", 1, 80)] }],
  });
  const others = [externalService("slow", "never.example", 80), waiting, ...service("next", [backends.next.port])];
  allow("old", "next");
  want([...others, leadingTo("next")]);
  await expect.poll(() => backends.next.requests, { timeout: 5_000, interval: 10 }).toBeGreaterThan(0);
  await load.more(2);
  allow("next");
  await load.more(5);
  expect(load.failures).toEqual([]);
});

test("a backend that is asked over TLS serves from the first request on", async () => {
  await startOnOld();
  const authority = await createCertificateAuthority();
  const tls = await authority.issue({ commonName: "next", names: ["next.internal"] });
  const secure = await startHttpBackend({ name: "secure", tls });
  try {
    allow("old", "secure");
    const policy = backendTls("secure", "next.internal", authority.certificate);
    want([...service("secure", [secure.port]), ...policy, leadingTo("secure")]);
    await expect.poll(() => secure.requests, { timeout: 5_000, interval: 10 }).toBeGreaterThan(0);
    await load.more(2);
    allow("secure");
    await load.more(ENOUGH);
    expect(load.failures).toEqual([]);
  } finally {
    await load.stop();
    await secure.close();
  }
});

describe("a backend that is checked", () => {
  let checked: MoodyServer;

  beforeEach(async () => {
    checked = await MoodyServer.start("checked");
  });

  afterEach(async () => {
    await load.stop();
    await checked.stop();
  });

  function wantChecked(): void {
    const healthCheck = { type: "HTTP", http: { path: "/healthz" }, interval: "100ms", timeout: "10s" };
    want([
      ...service("checked", [checked.port]),
      backendPolicy("checked", "checked", { healthCheck: { ...healthCheck, healthyThreshold: 1 } }),
      { ...leadingTo("checked"), metadata: { name: "shop", generation: 2 } },
    ]);
  }

  /** What the status says of the route and proxies. */
  function programmed(): string {
    const route = [...served.engine.translation.statuses.values()].find(({ kind }) => kind === "HTTPRoute");
    const { parents: [parent] = [] } = (route?.status ?? {}) as {
      parents?: { conditions: { type: string; message: string }[] }[];
    };
    return parent?.conditions.find(({ type }) => type === "trilith.dev/Programmed")?.message ?? "";
  }

  async function followedToChecked(): Promise<void> {
    await expect.poll(() => checked.requests, { timeout: 20_000, interval: 10 }).toBeGreaterThan(0);
    await served.delivered();
    await load.more(2);
    allow("checked");
    await load.more(5);
  }

  test("gets nothing before the first check, which takes its time, has passed, and its route's last version answers", async () => {
    await startOnOld();
    checked.holdChecks();
    wantChecked();
    await expect.poll(() => checked.checks, { timeout: 20_000, interval: 10 }).toBe(1);
    await load.more(ENOUGH);
    expect({ failures: load.failures, requests: checked.requests }).toEqual({ failures: [], requests: 0 });
    allow("old", "checked");
    checked.release();
    await followedToChecked();
    expect(load.failures).toEqual([]);
  });

  test("gets nothing while checks fail, which the status says, and its route goes out when one passes", async () => {
    await startOnOld();
    checked.health = 503;
    wantChecked();
    await expect.poll(() => checked.checks, { timeout: 20_000, interval: 10 }).toBeGreaterThan(3);
    await expect
      .poll(programmed, { timeout: 20_000, interval: 10 })
      .toBe(
        "No proxy has acknowledged this generation yet; no endpoint of Service/default/checked:80 has passed a health check yet",
      );
    await load.more(ENOUGH);
    expect({ failures: load.failures, requests: checked.requests }).toEqual({ failures: [], requests: 0 });
    allow("old", "checked");
    checked.health = 200;
    await followedToChecked();
    expect(load.failures).toEqual([]);
    await expect
      .poll(programmed, { timeout: 20_000, interval: 10 })
      .toBe("Every proxy has acknowledged this generation");
  });

  test("is waited for within a bound; then its route goes out all the same, and the status says what it lacks", async () => {
    await startOnOld();
    checked.health = 503;
    allow("old", "checked");
    wantChecked();
    await followedToChecked();
    expect(load.failures).toEqual([]);
    await expect
      .poll(programmed, { timeout: 20_000, interval: 10 })
      .toBe(
        "Every proxy has acknowledged this generation; no endpoint of Service/default/checked:80 has passed a health check yet",
      );
    expect(served.proxySide.unhealthy()).toEqual(["Service/default/checked/80/http"]);
    // Whoever is not waited for any more is forgotten.
    want([leadingTo("old")]);
    allow("old", "checked");
    await expect.poll(() => served.proxySide.unhealthy(), { timeout: 20_000, interval: 10 }).toEqual([]);
  });

  test("keeps getting requests while its policy and its route change together", async () => {
    await startOnOld();
    allow("old", "checked");
    wantChecked();
    await followedToChecked();
    for (const path of ["/healthz?1", "/healthz?2", "/healthz?3"]) {
      want([
        ...service("checked", [checked.port]),
        backendPolicy("checked", "checked", { healthCheck: { type: "HTTP", http: { path }, interval: "100ms" } }),
        route({
          name: "shop",
          parent: "edge",
          hostnames: [HOST],
          rules: [{ name: `v${path.slice(-1)}`, backendRefs: [to("checked")] }],
        }),
      ]);
      await served.delivered();
      await load.more(5);
    }
    expect(load.failures).toEqual([]);
  });
});
