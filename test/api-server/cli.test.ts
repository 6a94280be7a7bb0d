/** The commands that ask a cluster, as a user meets them: `trilith status` and `trilith check` against a real API server. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parse, stringify } from "yaml";
import { resourcePath } from "../../src/kubernetes/index.ts";
import { useControlPlane } from "./use-control-plane.ts";

const root = join(import.meta.dirname, "..", "..");
const environment = inject("controlPlane");
const GATEWAY = "gateway.networking.k8s.io";
const OURS = "trilith.dev/gateway-controller";
let folder: string;

async function trilith(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly error: string }> {
  const child = spawn(join(root, "bin", "trilith"), args, { stdio: ["ignore", "pipe", "pipe"] });
  const [ended, out, error] = await Promise.all([
    new Promise<number | null>((resolve) => child.once("close", resolve)),
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
  ]);
  return { code: ended, out: out.join(""), error: error.join("") };
}

async function create(
  plural: string,
  kind: string,
  metadata: { name: string; namespace?: string },
  spec: object,
  status?: object,
): Promise<void> {
  const location = {
    group: GATEWAY,
    version: "v1",
    plural,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  };
  const body = { apiVersion: `${GATEWAY}/v1`, kind, metadata, spec };
  await cluster.client.request({ method: "POST", path: resourcePath(location), body });
  if (status === undefined) return;
  const path = resourcePath({ ...location, name: metadata.name, subresource: "status" });
  await cluster.client.request({ method: "PATCH", patch: "merge", path, body: { status } });
}

const conditions = (status: "True" | "False", message = ""): object[] => [
  {
    type: "Accepted",
    status,
    reason: status === "True" ? "Accepted" : "NotAllowedByListeners",
    message,
    observedGeneration: 1,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  },
];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trilith-cli-cluster-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const cluster = useControlPlane(async () => {
  for (const name of ["shop", "bank"])
    await cluster.client.request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } });
  await create(
    "gatewayclasses",
    "GatewayClass",
    { name: "trilith" },
    { controllerName: OURS },
    { conditions: conditions("True") },
  );
  await create("gatewayclasses", "GatewayClass", { name: "other" }, { controllerName: "example.com/other" });
  const listeners = [{ name: "http", port: 80, protocol: "HTTP" }];
  for (const namespace of ["shop", "bank"])
    await create(
      "gateways",
      "Gateway",
      { name: "web", namespace },
      { gatewayClassName: "trilith", listeners },
      { conditions: conditions("True") },
    );
  await create("gateways", "Gateway", { name: "foreign", namespace: "shop" }, { gatewayClassName: "other", listeners });
  const parentRef = { group: GATEWAY, kind: "Gateway", name: "web" };
  await create(
    "httproutes",
    "HTTPRoute",
    { name: "cart", namespace: "shop" },
    { parentRefs: [{ name: "web" }], rules: [{ backendRefs: [{ name: "cart", port: 80 }] }] },
    {
      parents: [
        { parentRef, controllerName: OURS, conditions: conditions("False", "no listener lets it in") },
        { parentRef, controllerName: "example.com/other", conditions: conditions("False", "not of ours") },
      ],
    },
  );
});

describe.skipIf(environment === undefined)("trilith status of a cluster", () => {
  test("tells what the objects say of Trilith's part, and leaves out what is others'", async () => {
    expect(await trilith("status", "--kubeconfig", cluster.kubeconfigPath)).toEqual({
      code: 0,
      out: [
        "OBJECT                FOR  STATUS                                  BECAUSE",
        "GatewayClass trilith       ok",
        "Gateway bank/web           ok",
        "Gateway shop/web           ok",
        "HTTPRoute shop/cart   web  Accepted=False (NotAllowedByListeners)  no listener lets it in",
        "",
      ].join("\n"),
      error: "",
    });
  });

  test("tells of one namespace, and in YAML", async () => {
    const { out } = await trilith("status", "--kubeconfig", cluster.kubeconfigPath, "-n", "bank", "-o", "yaml");
    const list = parse(out) as { items: { kind: string; metadata: { name: string } }[] };
    expect(list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "GatewayClass trilith",
      "Gateway web",
    ]);
  });

  test.each([
    [["--kubeconfig", "/nowhere/config"], "trilith: the cluster: cannot read the kubeconfig"],
    [["--context", "nowhere"], 'trilith: the cluster: the kubeconfig has no context "nowhere"; it has: test'],
  ])("%j ends with 2 and one clear line", async (args, message) => {
    const given = args.includes("--kubeconfig") ? args : ["--kubeconfig", cluster.kubeconfigPath, ...args];
    const { code, out, error } = await trilith("status", ...given);
    expect([code, out, error.slice(0, message.length), error.trim().split("\n").length]).toEqual([2, "", message, 1]);
  });

  test("tells who may not see all namespaces to name one", async () => {
    const accounts = "/api/v1/namespaces/shop/serviceaccounts";
    await cluster.client.request({ method: "POST", path: accounts, body: { metadata: { name: "developer" } } });
    const { status } = await cluster.client.request<{ status: { token: string } }>({
      method: "POST",
      path: `${accounts}/developer/token`,
      body: { spec: { expirationSeconds: 600 } },
    });
    const config = parse(readFileSync(cluster.kubeconfigPath, "utf8")) as object;
    const own = join(folder, "developer.conf");
    writeFileSync(own, stringify({ ...config, users: [{ name: "admin", user: { token: status.token } }] }));
    const { code, error } = await trilith("status", "--kubeconfig", own);
    expect([code, error]).toEqual([
      2,
      expect.stringMatching(/^trilith: you may not list \w+ in all namespaces; name one with -n/),
    ]);
  });
});

describe.skipIf(environment === undefined)("trilith check of a cluster", () => {
  test("finds what is wrong with what is there; two Gateways may have one port", async () => {
    const { code, out, error } = await trilith("check", "--kubeconfig", cluster.kubeconfigPath, "-o", "json");
    const found = JSON.parse(out) as { severity: string; object: string; path?: string }[];
    expect([code, error, found.map(({ severity, object, path }) => [severity, object, path])]).toEqual([
      1,
      "",
      [["error", "HTTPRoute shop/cart", "spec.rules[0].backendRefs[0]"]],
    ]);
  });

  test("takes files as if they were applied", async () => {
    const file = join(folder, "cart.yaml");
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cart", namespace: "shop" },
      spec: { ports: [{ port: 80 }] },
    };
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "cart-1", namespace: "shop", labels: { "kubernetes.io/service-name": "cart" } },
      addressType: "IPv4",
      ports: [{ port: 8080 }],
      endpoints: [{ addresses: ["10.0.0.1"] }],
    };
    writeFileSync(file, [service, slice].map((object) => `---\n${stringify(object)}`).join(""));
    expect(await trilith("check", "--kubeconfig", cluster.kubeconfigPath, file)).toMatchObject({ code: 0, error: "" });
  });

  test("tells of one namespace alone where that is asked", async () => {
    expect(await trilith("check", "--kubeconfig", cluster.kubeconfigPath, "-n", "bank")).toMatchObject({
      code: 0,
      error: "",
    });
  });

  test("asks for files or a cluster when there are neither", async () => {
    expect(await trilith("check")).toEqual({
      code: 2,
      out: "",
      error: "trilith: name files or folders to check, or a cluster (--cluster)\n",
    });
  });
});
