/**
 * Who may send to a backend outside, in real Envoys: the sidecar of whoever calls decides, by who it is itself, for each share of a rule alone, and
 * a Gateway that is none of the mesh is outside.
 */
import { expect, test } from "vitest";
import { type Backend, startHttpBackend } from "../backends/index.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { gateway, type Manifest, route } from "../support/manifests.ts";
import { CART_PORT, MeshWorld } from "../support/mesh-world.ts";
import { rawRequest } from "../support/raw-request.ts";

const skipped = envoyBinary() === undefined;

const PARTNER = { group: "gateway.networking.x-k8s.io", kind: "XBackend", name: "partner" };

const partner = (port: number): Manifest => ({
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XBackend",
  metadata: { name: "partner", namespace: "shop" },
  spec: {
    type: "ExternalHostname",
    externalHostname: { hostname: "localhost" },
    port: { number: port },
    tls: { mode: "None" },
  },
});

/** What workloads call as cart leads here. */
const leadingTo = (...backendRefs: readonly object[]): Manifest => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "cart", namespace: "shop" },
  spec: { parentRefs: [{ group: "", kind: "Service", name: "cart" }], rules: [{ backendRefs }] },
});

const policy = (name: string, spec: object): Manifest => ({
  apiVersion: "trilith.dev/v1alpha1",
  kind: "AccessPolicy",
  metadata: { name, namespace: "shop" },
  spec: { targetRefs: [PARTNER], ...spec },
});

const onlyWeb = policy("payers", {
  rules: [
    {
      sources: [{ type: "ServiceAccount", serviceAccount: { namespace: "shop", name: "web" } }],
      requests: [{ methods: ["GET"], paths: [{ type: "PathPrefix", value: "/v1" }] }],
    },
  ],
});

/** With the partner, which is none of the mesh. */
async function worldWith(
  cleanup: AsyncDisposableStack,
  manifests: (port: number) => readonly Manifest[],
): Promise<{ readonly world: MeshWorld; readonly outside: Backend }> {
  const [port = 0] = await freePorts(1);
  const outside = await startHttpBackend({ name: "partner", port });
  cleanup.defer(() => outside.close());
  return { outside, world: cleanup.use(await MeshWorld.start([partner(port), ...manifests(port)])) };
}

test.skipIf(skipped)(
  "a caller's sidecar lets through whom and what the policy names, and refuses and counts the rest",
  async () => {
    await using cleanup = new AsyncDisposableStack();
    const { world } = await worldWith(cleanup, () => [leadingTo(PARTNER), onlyWeb]);
    expect([
      await world.backendOf("web", { path: "/v1/pay" }),
      await world.backendOf("web", { path: "/v2/pay" }),
      await world.backendOf("web", { path: "/v1/pay", method: "DELETE" }),
      await world.backendOf("visitor", { path: "/v1/pay" }),
    ]).toEqual(["partner", "status 403", "status 403", "status 403"]);
    expect(await world.counted("rbac.backend.denied")).toBe(3);
    world.served.write("more.yaml", []);
    await world.served.until("the end of the policy", async () =>
      (await world.backendOf("visitor")).startsWith("cart"),
    );
  },
);

test.skipIf(skipped)("a share of a rule is refused by itself", async () => {
  await using cleanup = new AsyncDisposableStack();
  const cart = { name: "cart-v1", port: CART_PORT };
  const { world } = await worldWith(cleanup, () => [leadingTo(PARTNER, cart), onlyWeb]);
  const answersTo = async (caller: "web" | "visitor"): Promise<string[]> => {
    const all = await Promise.all(Array.from({ length: 40 }, () => world.backendOf(caller, { path: "/v1" })));
    return [...new Set(all)].sort();
  };
  expect([await answersTo("web"), await answersTo("visitor")]).toEqual([
    ["cart-v1", "partner"],
    ["cart-v1", "status 403"],
  ]);
});

test.skipIf(skipped)(
  "a policy that is only to be reported refuses nothing, and says what it would have refused",
  async () => {
    await using cleanup = new AsyncDisposableStack();
    const tried = policy("tried", {
      mode: "Audit",
      action: "Deny",
      rules: [{ sources: [{ type: "Namespace", namespace: "street" }] }],
    });
    const { world } = await worldWith(cleanup, () => [leadingTo(PARTNER), tried]);
    expect([await world.backendOf("web", { path: "/w" }), await world.backendOf("visitor", { path: "/v" })]).toEqual([
      "partner",
      "partner",
    ]);
    const audited = (path: string): unknown =>
      world.served.access.find((line) => line.path === path && "auditBackendDeny" in line)?.auditBackendDeny;
    await world.served.until("the log", () => audited("/v") !== undefined && audited("/w") !== undefined);
    expect([audited("/w"), audited("/v")]).toEqual(["allowed", "denied"]);
    expect(await world.counted("backend_deny_.shadow_denied")).toBe(1);
  },
);

test.skipIf(skipped)("a Gateway sends as who it is, and is outside where it is none of the mesh", async () => {
  await using cleanup = new AsyncDisposableStack();
  const [port = 0] = await freePorts(1);
  const deny = policy("deny", {
    action: "Deny",
    rules: [{ sources: [{ type: "Outside" }], requests: [{ methods: ["POST"] }] }],
  });
  const through = { ...route({ name: "out", parent: "gw", rules: [{ backendRefs: [PARTNER] }] }) };
  const { world } = await worldWith(cleanup, () => [
    inShop(gateway("gw", [{ name: "http", port }])),
    inShop(through),
    leadingTo(PARTNER),
    deny,
  ]);
  const ask = async (method: string): Promise<number> => (await rawRequest({ port, host: "a", method })).status;
  await world.served.until("the Gateway", async () => (await ask("GET")) === 200);
  expect([await ask("POST"), await world.backendOf("web", { method: "POST" })]).toEqual([403, "partner"]);
});

const inShop = ({ metadata, ...rest }: Manifest): Manifest => ({
  ...rest,
  metadata: { ...(metadata as object), namespace: "shop" },
});
