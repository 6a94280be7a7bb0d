/** The mesh on one machine: programs with a sidecar each, which prove themselves by tokens in files, and what others can do to them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openLocalAuthority } from "../../src/identity/index.ts";
import { startHttpBackend } from "../backends/index.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { LoopbackAddresses } from "../support/loopback-addresses.ts";
import { gateway, type Manifest, route, selecting, service, workload } from "../support/manifests.ts";
import { CART_PORT, MeshWorld } from "../support/mesh-world.ts";
import { plainRequest } from "../support/plain-request.ts";
import { rawRequest } from "../support/raw-request.ts";
import { ServedDirectory } from "../support/served-directory.ts";
import { callAs, shownIdentity } from "../support/shown-identity.ts";

const skipped = envoyBinary() === undefined;
const run = promisify(execFile);
const PROGRAM = resolve(import.meta.dirname, "../../bin/trilith");

const cart = (rules: readonly object[], port?: number): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "cart", namespace: "shop" },
  spec: { parentRefs: [{ group: "", kind: "Service", name: "cart", ...(port !== undefined && { port }) }], rules },
});
const to = (name: string, weight = 1): object => ({ name, port: CART_PORT, weight });
const onlyFrom = (account: string): Manifest => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name: "cart-callers", namespace: "shop" },
  spec: {
    targetRefs: [{ group: "", kind: "ServiceAccount", name: "cart" }],
    rules: [{ sources: [{ type: "ServiceAccount", serviceAccount: { namespace: "shop", name: account } }] }],
  },
});

const identity = (namespace: string, account: string): string => `spiffe://cluster.local/ns/${namespace}/sa/${account}`;

/** What a sidecar wrote down about the calls to its workload. */
const callersOf = (world: MeshWorld, path: string): unknown[] => [
  ...new Set(
    world.served.access
      .filter((line) => line.path === path && "workload" in line && "caller" in line)
      .map(({ caller }) => caller),
  ),
];

test.skipIf(skipped)("workloads call each other by their Services and routes, each as who it is", async () => {
  const version = { headers: [{ name: "x-version", value: "v2" }] };
  await using world = await MeshWorld.start([
    cart([{ matches: [version], backendRefs: [to("cart-v2")] }, { backendRefs: [to("cart-v1")] }]),
  ]);
  expect(await world.backendOf("web")).toBe("cart-v1");
  expect(await world.backendOf("web", { headers: [["x-version", "v2"]], path: "/from-web" })).toBe("cart-v2");
  expect(await world.backendOf("visitor", { path: "/from-visitor" })).toBe("cart-v1");
  // Each of the two sidecars writes when it likes.
  const paths = ["/from-web", "/from-visitor"];
  await world.served.until("the log", () => paths.every((path) => callersOf(world, path).length > 0));
  expect(paths.map((path) => callersOf(world, path))).toEqual([
    [identity("shop", "web")],
    [identity("street", "visitor")],
  ]);
  expect((await shownIdentity(world.at("cart-v1"))).identity).toBe(identity("shop", "cart"));
  // A workload of the same account has a certificate of its own.
  const [first, second] = [await shownIdentity(world.at("cart-v1")), await shownIdentity(world.at("cart-v2"))];
  expect(first.serialNumber).not.toBe(second.serialNumber);
});

test.skipIf(skipped)("a Service without a route is reached straight on, at all of its endpoints", async () => {
  await using world = await MeshWorld.start();
  const answers = await Promise.all(Array.from({ length: 40 }, () => world.backendOf("web")));
  expect([...new Set(answers)].sort()).toEqual(["cart-v1", "cart-v2"]);
  await world.served.until("the log", () =>
    world.served.access.some(({ caller }) => caller === identity("shop", "web")),
  );
});

test.skipIf(skipped)("a Service can keep each workload that calls to an endpoint of its own", async () => {
  const sticky = selecting("sticky", "shop", { app: "cart" }, CART_PORT);
  const affinity = { ...sticky, spec: { ...(sticky["spec"] as object), sessionAffinity: "ClientIP" } };
  const parentRefs = [{ group: "", kind: "Service", name: "sticky" }];
  const routed = { ...cart([]), spec: { parentRefs, rules: [{ backendRefs: [to("sticky")] }] } };
  const ports = await freePorts(5);
  const addresses = new LoopbackAddresses();
  const callers = ports.map((localPort, index) =>
    workload({
      name: `caller-${index}`,
      namespace: "shop",
      account: "callers",
      address: addresses.next(),
      calls: [{ service: { name: "sticky" }, port: CART_PORT, localPort }],
    }),
  );
  await using world = await MeshWorld.start([affinity, ...callers]);
  const endpointsOf = async (port: number): Promise<string> => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => rawRequest({ port, host: "sticky" })));
    return [...new Set(answers.map(({ headers }) => headers["x-backend"]))].join(" and ");
  };
  // Without a route they are kept by their connections, with one by their requests.
  const withoutRoute = await Promise.all(ports.map(endpointsOf));
  world.served.write("more.yaml", [affinity, ...callers, routed]);
  await world.served.until("the route", async () => (await world.served.conditions("HTTPRoute", "cart")).length > 0);
  const withRoute = await Promise.all(ports.map(endpointsOf));
  for (const kept of [withoutRoute, withRoute]) expect(new Set(kept)).toEqual(new Set(["cart-v1", "cart-v2"]));
});

test.skipIf(skipped)("Gateways call workloads as members of the mesh", async () => {
  const [port = 0] = await freePorts(1);
  const rules = [{ backendRefs: [{ name: "cart", namespace: "shop", port: CART_PORT }] }];
  const grant: Manifest = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "ReferenceGrant",
    metadata: { name: "gateways", namespace: "shop" },
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "default" }],
      to: [{ group: "", kind: "Service" }],
    },
  };
  await using world = await MeshWorld.start([
    gateway("gw", [{ name: "http", port }]),
    route({ name: "all", parent: "gw", rules }),
    grant,
  ]);
  const { status } = await rawRequest({ port, host: "a", path: "/through-gateway" });
  await world.served.until("the log", () => callersOf(world, "/through-gateway").length > 0);
  expect([status, callersOf(world, "/through-gateway")]).toEqual([200, [identity("trilith-system", "gateways")]]);
});

test.skipIf(skipped)("a policy lets in whom it names, and refuses and counts everybody else", async () => {
  await using world = await MeshWorld.start([cart([{ backendRefs: [to("cart-v1")] }]), onlyFrom("web")]);
  expect(await world.backendOf("web")).toBe("cart-v1");
  expect(await world.backendOf("visitor")).toBe("status 403");
  await expect(rawRequest({ ...world.at("cart-v1"), host: "a" })).rejects.toThrow(/without an answer|ECONNRESET/);
  expect(await callAs(world.at("cart-v1"))).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
  expect(await world.counted("rbac.denied")).toBe(1);
  expect(await world.counted("tcp.outside.downstream_cx_total")).toBe(1);
  expect(await world.counted("ssl.fail_verify_no_cert")).toBe(1);
});

test.skipIf(skipped)(
  "certificates that have ended, and those of another authority, are refused and counted",
  async () => {
    await using world = await MeshWorld.start();
    const { stateDirectory } = world.served;
    const own = await openLocalAuthority(join(stateDirectory, "mesh-authority.pem"));
    const other = await openLocalAuthority(join(stateDirectory, "another-authority.pem"));
    const ended = await own.issueForWorkload(identity("shop", "web"), -60_000);
    const foreign = await other.issueForWorkload(identity("shop", "web"), 60_000);
    const good = await own.issueForWorkload(identity("shop", "web"), 60_000);
    const answers = await Promise.all(
      [ended, foreign, good].map(({ certificate: cert, key }) => callAs(world.at("cart-v1"), { cert, key })),
    );
    expect(answers).toEqual([
      expect.stringContaining("CERTIFICATE_EXPIRED"),
      expect.stringContaining("UNKNOWN_CA"),
      "HTTP/1.1 200 OK",
    ]);
    expect(await world.counted("ssl.fail_verify_error")).toBe(2);
  },
);

test.skipIf(skipped)("a request that a sidecar cannot hand over is tried at another endpoint", async () => {
  const retry = { attempts: 3, backoff: "10ms" };
  await using world = await MeshWorld.start([cart([{ backendRefs: [{ name: "cart", port: CART_PORT }], retry }])]);
  await world.programs.get("cart-v1")?.close();
  world.programs.delete("cart-v1");
  const answers = await Promise.all(Array.from({ length: 30 }, () => world.backendOf("web")));
  expect([...new Set(answers)]).toEqual(["cart-v2"]);
});

test.skipIf(skipped)(
  "no call fails while certificates are renewed, routes change and Trilith is started anew",
  async () => {
    await using world = await MeshWorld.start([cart([{ backendRefs: [to("cart-v1")] }])], ["--certificate-life", "1m"]);
    await world.served.until("the route", async () => (await world.backendOf("web")) === "cart-v1");
    const before = await shownIdentity(world.at("cart-v1"));
    const load = new SteadyCalls(world);
    await world.served.until(
      "three renewals",
      async () => {
        load.see((await shownIdentity(world.at("cart-v1"))).serialNumber);
        await delay(200);
        return load.serials.size >= 3;
      },
      60_000,
    );
    world.served.write("more.yaml", [cart([{ backendRefs: [to("cart-v2")] }])]);
    await world.served.until("the edit", async () => (await world.backendOf("web")) === "cart-v2");
    const sidecars = world.served.sidecars();
    await world.served.end("SIGHUP");
    expect(world.served.sidecars()).toEqual(sidecars);
    await world.served.start();
    const after = await shownIdentity(world.at("cart-v1"));
    expect(await load.stop()).toEqual([]);
    expect(after.validTo.getTime()).toBeGreaterThan(before.validTo.getTime());
    await world.served.until(
      "the take-over of all",
      () => world.served.log.filter((line) => line.includes("took over the Envoy")).length === sidecars.length + 1,
    );
  },
);

test.skipIf(skipped)("trilith top shows who calls whom, by what all sidecars count", async () => {
  await using world = await MeshWorld.start([cart([{ backendRefs: [to("cart-v1")] }])]);
  const load = new SteadyCalls(world);
  const admin = String(world.served.adminPort);
  const { stdout } = await run(PROGRAM, ["top", "--once", "--interval", "2", "-o", "json", "--admin", admin]);
  expect(await load.stop()).toEqual([]);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({
      source: "shop/web",
      destination: "shop/cart-v1",
      workload: "cart-v1",
      kind: "requests",
      security: "mTLS",
      failedShare: 0,
    }),
  ]);
  expect(await world.served.ask("/metrics/proxy?workload=shop/nobody")).toMatchObject({ status: 404 });
});

test.skipIf(skipped)("a port that somebody else has is told of, and taken when it is free", async () => {
  const [taken = 0] = await freePorts(1);
  const other = createServer().listen(taken, "127.0.0.1");
  const late = workload({
    name: "late",
    namespace: "shop",
    account: "late",
    address: new LoopbackAddresses().next(),
    calls: [{ service: { name: "cart" }, port: CART_PORT, localPort: taken }],
  });
  await using world = await MeshWorld.start([late]);
  const isTold = (condition: string) => async (): Promise<boolean> =>
    (await world.served.conditions("Workload", "late")).includes(condition);
  await world.served.until("the problem", isTold("Programmed=False/PortUnavailable"));
  other.close();
  await world.served.until("the end of it", isTold("Programmed=True/Programmed"));
  expect((await rawRequest({ port: taken, host: "cart" })).status).toBe(200);
});

test.skipIf(skipped)("workloads come and go with their files, and each sidecar with them", async () => {
  await using world = await MeshWorld.start();
  const count = world.served.sidecars().length;
  const [localPort = 0] = await freePorts(1);
  const address = new LoopbackAddresses().next();
  const third = await startHttpBackend({ name: "third", port: localPort });
  const manifest = workload({
    name: "third",
    namespace: "shop",
    account: "cart",
    address,
    labels: { app: "cart" },
    ports: [{ port: CART_PORT, localPort }],
  });
  world.served.write("third.yaml", [manifest]);
  await world.served.until("the third", async () => (await world.backendOf("web")) === "third");
  expect((await shownIdentity({ address, port: CART_PORT })).identity).toBe(identity("shop", "cart"));
  world.served.remove("third.yaml");
  await world.served.until("its sidecar's end", () => world.served.sidecars().length === count);
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.backendOf("web")));
  expect(answers).not.toContain("third");
  await third.close();
});

test.skipIf(skipped)("what secrets there are is in files of their owner alone", async () => {
  await using world = await MeshWorld.start();
  const { stateDirectory } = world.served;
  const [sidecar = ""] = world.served.sidecars();
  const files = [
    join(stateDirectory, "mesh-authority.pem"),
    join(stateDirectory, "mesh-tokens.key"),
    join(sidecar, "token", "token"),
  ];
  expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(["600", "600", "600"]);
  // The bootstrap names the token's file, and nothing of what is in it.
  const token = readFileSync(join(sidecar, "token", "token"), "utf8");
  expect(readFileSync(join(sidecar, "bootstrap.json"), "utf8")).not.toContain(token);
});

/** Calls without a pause, of which none may fail; and the certificates that were seen meanwhile. */
class SteadyCalls {
  readonly serials = new Set<string>();
  readonly #world: MeshWorld;
  readonly #failures: string[] = [];
  readonly #loops: readonly Promise<void>[];
  #isStopped = false;

  constructor(world: MeshWorld) {
    this.#world = world;
    this.#loops = [this.#run(), this.#run()];
  }

  see(serial: string): void {
    this.serials.add(serial);
  }

  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    return this.#failures;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const answer = await this.#world.backendOf("web").catch((error: unknown) => String(error));
      if (!/^cart-v[12]$/.test(answer)) this.#failures.push(answer);
    }
  }
}

test.skipIf(skipped)(
  "a workload whose sidecar cannot start keeps Gateways and other workloads from nothing, and is told",
  async () => {
    const [port = 0] = await freePorts(1);
    await using after = new AsyncDisposableStack();
    const backend = await startHttpBackend({ name: "shop" });
    after.defer(() => backend.close());
    await using served = await ServedDirectory.create();
    const sidecars = join(served.stateDirectory, "sidecars");
    mkdirSync(sidecars, { recursive: true });
    // Where its folder would be.
    const folder = createHash("sha256").update("mesh/shop/broken/broken").digest("hex").slice(0, 12);
    writeFileSync(join(sidecars, folder), "");
    const ports = [{ port: 8080, localPort: backend.port }];
    const addresses = new LoopbackAddresses();
    served.write("shop.yaml", [
      gateway("web", [{ name: "http", port }]),
      route({ name: "shop", parent: "web", rules: [{ backendRefs: [{ name: "shop", port: 80 }] }] }),
      ...service("shop", [backend.port]),
      workload({ name: "broken", account: "broken", namespace: "shop", address: addresses.next(), ports }),
      workload({ name: "good", account: "good", namespace: "shop", address: addresses.next(), ports }),
    ]);
    await served.start();
    const { status } = await plainRequest(port, "shop.test", "/");
    const { diagnostics } = JSON.parse((await served.ask("/status")).body) as {
      diagnostics: { object?: string; code: string }[];
    };
    expect([status, diagnostics.map(({ object, code }) => [object, code]), served.sidecars().length]).toEqual([
      200,
      [["Workload shop/broken", "sidecar-not-started"]],
      1,
    ]);
  },
);
