/**
 * AccessPolicies in a cluster: who gets through to a workload and who does not, by identity, method, path and port; tricks with paths;
 * callers outside the mesh; policies that are only reported; and what goes on while policies change.
 */
import { describe, expect, inject, test } from "vitest";
import { tell } from "../support/tell.ts";
import { clientOf, countStatuses, echoWithAccount, namespaceObject, statusOf } from "./echo-workload.ts";
import { accessPolicy, echoService, fromAccount, httpRoute, ofAccount, serviceParent } from "./mesh-objects.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const used = useTrilithCluster(({ apply, untilRolledOut }) => {
  apply(namespaceObject("shop", { "trilith.dev/mesh": "enabled" }), namespaceObject("plain"));
  apply(...PODS.flatMap(([space, name]) => echoWithAccount(space, name, { container: probes })), service, route);
  untilRolledOut(...PODS.map(([space, name]) => [space, `deployment/${name}`] as const));
});
const { kubectl, apply } = used;

/** Each with a ServiceAccount of its name. */
const PODS = [
  ["shop", "friend"],
  ["shop", "stranger"],
  ["shop", "cart"],
  ["plain", "outsider"],
] as const;

const probes = {
  readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
  livenessProbe: { tcpSocket: { port: 9090 }, periodSeconds: 1, failureThreshold: 2 },
};

const service = echoService("shop", "cart");
/** By which callers know that it is HTTP. */
const route = httpRoute("shop", "cart", [serviceParent("cart", 80)], "cart");

const policy = (name: string, spec: object): object => accessPolicy("shop", name, spec);
const ofCart = ofAccount("cart");
const friend = fromAccount("shop", "friend");
const items = { methods: ["GET"], paths: [{ type: "PathPrefix", value: "/items" }] };
const friendsOfCart = (more: object = {}): object =>
  policy("friends", { ...ofCart, ...more, rules: [{ sources: [friend], requests: [items, { ports: [9090] }] }] });

const remove = (...names: readonly string[]): string => kubectl("-n", "shop", "delete", "accesspolicy", ...names);

/** What the client of a caller says; it fails where a call does. */
function call(caller: "friend" | "stranger" | "outsider", ...args: readonly string[]): string {
  const space = caller === "outsider" ? "plain" : "shop";
  return used.cluster.kubectl(clientOf(space, caller, "--timeout=3s", ...args)).output;
}

/** `failed` without an answer. */
function answerTo(caller: "friend" | "stranger" | "outsider", path: string, ...args: readonly string[]): string {
  return statusOf(call(caller, ...args, `http://cart.shop${path}`)) ?? "failed";
}

const connects = (caller: "friend" | "stranger" | "outsider"): boolean =>
  call(caller, "--count=2", "tcp://cart.shop:9090").includes("All 2 requests succeeded");

const answers = (path: string): string[] =>
  (["friend", "stranger", "outsider"] as const).map((caller) => answerTo(caller, path));

const settled = { timeout: 20_000 };

function counted(name: string): number {
  const address = kubectl("-n", "shop", "get", "pods", "-l", "name=cart", "-o", "jsonpath={.items[0].status.podIP}");
  const { output } = used.cluster.run("curl", ["-s", "-m", "5", `http://${address}:15020/stats/prometheus`]);
  const lines = output.split("\n").filter((line) => !line.startsWith("#") && line.split(/[{ ]/)[0]?.endsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

describe.skipIf(!inject("canRunCluster"))("access", { timeout: 120_000 }, () => {
  test("is everybody's where there is no policy", () => {
    expect([answers("/items"), connects("friend"), connects("outsider")]).toEqual([["200", "200", "200"], true, true]);
  });

  test("is nobody's in a namespace with a policy without rules, until others allow something", async () => {
    apply(policy("nobody", {}));
    await expect.poll(() => answers("/items"), settled).toEqual(["403", "403", "failed"]);
    expect([connects("friend"), connects("outsider")]).toEqual([false, false]);
    apply(friendsOfCart());
    await expect.poll(() => answers("/items"), settled).toEqual(["200", "403", "failed"]);
    expect([connects("friend"), connects("stranger"), connects("outsider")]).toEqual([true, false, false]);
  });

  test("is none of the kubelet's business: its probes reach whom nobody may call", () => {
    kubectl("-n", "shop", "rollout", "restart", "deployment/stranger");
    kubectl("-n", "shop", "rollout", "status", "deployment/stranger", "--timeout=60s");
    const [restarts] = ["{.items[*].status.containerStatuses[*].restartCount}"].map((path) =>
      kubectl("-n", "shop", "get", "pods", "-o", `jsonpath=${path}`),
    );
    expect(new Set(restarts?.trim().split(" "))).toEqual(new Set(["0"]));
  });

  test("is by method and path, and no way of writing a path gets round that", () => {
    const answersOf = (paths: readonly string[]): string[] => [
      ...new Set(paths.map((path) => answerTo("friend", path))),
    ];
    const tricks = ["/items/..%2fadmin", "/items/%2e%2e/admin", "/items;x/1", "/items/%5c", "/items/%252e"];
    expect([
      answersOf(["/items", "/items/", "/items/1?to=/../x", "/items/caf%C3%A9", "/items/a.b"]),
      answersOf(["/", "/item", "/itemsx", "/ITEMS", "/admin"]),
      answersOf(tricks),
      answerTo("friend", "/items", "--method=POST"),
    ]).toEqual([["200"], ["403"], ["403"], "403"]);
  });

  test("denied is denied whoever allows it, and what can be read in two ways is denied", async () => {
    apply(policy("no-old", { action: "Deny", rules: [{ sources: [friend], requests: [{ paths: [OLD] }] }] }));
    await expect.poll(() => answerTo("friend", "/items/old"), settled).toBe("403");
    const paths = ["/items/OLD", "/items/old/", "/items/old/1", "/items/%6fld", "/items/new"];
    expect(paths.map((path) => answerTo("friend", path))).toEqual(["403", "403", "403", "403", "200"]);
    remove("no-old");
    await expect.poll(() => answerTo("friend", "/items/old"), settled).toBe("200");
  });

  test("refusals are counted", () => {
    expect(counted("rbac_denied")).toBeGreaterThan(10);
  });

  test("that is only reported is everybody's, and the log says what would have been refused", async () => {
    apply(friendsOfCart({ mode: "Audit" }));
    remove("nobody");
    await expect.poll(() => answers("/items"), settled).toEqual(["200", "200", "200"]);
    const lines = (): Record<string, unknown>[] =>
      used
        .sidecarLog("shop", "deploy/cart")
        .flatMap((line) => (line.includes('"caller":"spiffe') ? [JSON.parse(line) as Record<string, unknown>] : []));
    const auditOf = (name: string): unknown =>
      lines()
        .filter(({ caller, status }) => caller === `spiffe://cluster.local/ns/shop/sa/${name}` && status === 200)
        .at(-1)?.["auditAllow"];
    await expect.poll(() => [auditOf("friend"), auditOf("stranger")], settled).toEqual(["allowed", "denied"]);
    expect(counted("shadow_denied")).toBeGreaterThan(0);
  });

  test("of an allowed caller is never interrupted while policies change", async () => {
    apply(friendsOfCart());
    await expect.poll(() => answers("/items"), settled).toEqual(["200", "403", "failed"]);
    const going = new Set(["calls"]);
    const calls = used.cluster
      .kubectlBeside(clientOf("shop", "friend", "--count=600", "--qps=60", "--timeout=60s", "http://cart.shop/items"))
      .finally(() => going.clear());
    let changes = 0;
    while (going.size > 0) {
      changes += 1;
      const other = { paths: [OLD], ports: [9000 + (changes % 100)] };
      apply(policy("no-old", { action: "Deny", rules: [{ requests: [other] }] }));
      apply(policy("nobody", changes % 2 === 0 ? {} : { mode: "Audit" }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { output } = await calls;
    tell(`600 calls during ${2 * changes} changes`);
    expect(countStatuses(output)).toEqual({ 200: 600 });
  });

  test("is told in the policy's status", () => {
    const conditions = "{range .status.ancestors[*]}{.ancestorRef.kind}/{.ancestorRef.name}";
    const output = kubectl(
      "-n",
      "shop",
      "get",
      "accesspolicy",
      "friends",
      "-o",
      `jsonpath=${conditions}{range .conditions[*]} {.type}={.status}{end}{end}`,
    );
    expect(output.trim()).toBe("ServiceAccount/cart Accepted=True WorkloadsFound=True");
  });
});

const OLD = { type: "PathPrefix", value: "/items/old" };
