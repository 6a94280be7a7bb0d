/** The chart as Helm itself renders it: what it refuses, and that `trilith install --print` gives the same objects. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { helm as helmProgram } from "../../tools/cluster-programs.ts";
import { provideProgram } from "../../tools/provide-program.ts";

const root = join(import.meta.dirname, "..", "..");
const chart = join(root, "charts", "trilith");
const helm = provideProgram(helmProgram);
const home = mkdtempSync(join(tmpdir(), "trilith-helm-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function run(
  command: string,
  args: readonly string[],
): { readonly code: number | null; readonly out: string; readonly error: string } {
  const env = { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  return { code: status, out: stdout, error: stderr };
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The objects of a text by kind, namespace and name. */
function objectsOf({ code, out, error }: ReturnType<typeof run>): Record<string, unknown> {
  expect([code, error]).toEqual([0, ""]);
  const objects = parseAllDocuments(out)
    .map((document) => document.toJS() as Named | null)
    .filter((object) => object !== null);
  return Object.fromEntries(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`, object]),
  );
}

const rendered = (...args: readonly string[]): Record<string, unknown> =>
  objectsOf(run(helm, ["template", "trilith", chart, "--include-crds", "-n", "trilith-system", ...args]));
const printed = (...args: readonly string[]): Record<string, unknown> =>
  objectsOf(run(join(root, "bin", "trilith"), ["install", "--print", "--no-create-namespace", ...args]));

describe("the chart", () => {
  test("has nothing that Helm's linter minds", () => {
    expect(run(helm, ["lint", "--strict", chart])).toMatchObject({ code: 0 });
  });

  test.each([
    ["replicas=0", "at '/replicas': minimum: got 0, want 1"],
    ["replica=3", "additional properties 'replica' not allowed"],
    ["log.level=loud", "at '/log/level': value must be one of 'debug', 'info', 'warn', 'error'"],
    ["rbac.secretNamespaces={Shop}", "at '/rbac/secretNamespaces/0': 'Shop' does not match pattern"],
    ["identity.certificateLife=often", "at '/identity/certificateLife': 'often' does not match pattern"],
    ["mesh.networks={10.0.0.0/8,cart}", "at '/mesh/networks/1': 'cart' does not match pattern"],
    ["mesh.redirection=Plugin", "at '/mesh/redirection': value must be one of 'InitContainer', 'Node'"],
    ["mesh.node.networkNamespaces=netns", "at '/mesh/node/networkNamespaces': 'netns' does not match pattern"],
    ["identity.certificateLife=59s", "at '/identity/certificateLife': "],
    ["identity.certificateLife=0h0m5s59999ms", "at '/identity/certificateLife': "],
    ["identity.rootIntroduction=179s", "at '/identity/rootIntroduction': "],
    ["identity.rootIntroduction=0h2m59s", "at '/identity/rootIntroduction': "],
    ["image.tag=a b", "at '/image/tag': 'a b' does not match pattern"],
    ["metrics.serviceMonitor.interval=often", "at '/metrics/serviceMonitor/interval': 'often' does not match pattern"],
    ["gatewayClass.parametersRef.name=x", "properties 'group', 'kind' required, if 'name' exists"],
  ])("refuses %s and says why", (setting, message) => {
    const { code, error } = run(helm, ["template", "trilith", chart, "--set", setting]);
    expect([code, error]).toEqual([1, expect.stringContaining(message)]);
  });

  test.each([
    ...["1m", "60s", "90s", "1h0m", "0h1m5s", "60000ms", "1h5ms"].map((life) => `certificateLife=${life}`),
    ...["3m", "180s", "1h", "0h12m5s"].map((time) => `rootIntroduction=${time}`),
  ])("takes identity.%s", (setting) => {
    const { code, error } = run(helm, ["template", "trilith", chart, "--set", `identity.${setting}`]);
    expect([code, error]).toEqual([0, ""]);
  });

  test("makes monitors for Prometheus only when asked", () => {
    const names = (...args: string[]): string[] =>
      Object.keys(rendered(...args)).filter((name) => name.includes("Monitor"));
    const values = [
      ...["serviceMonitor", "podMonitor"].map((name) => `metrics.${name}.enabled=true`),
      "mesh.redirection=Node",
    ];
    expect([names(), names(...values.flatMap((value) => ["--set", value])).sort()]).toEqual([
      [],
      [
        "PodMonitor trilith-system/trilith-node",
        "PodMonitor trilith-system/trilith-proxies",
        "PodMonitor trilith-system/trilith-sidecars",
        "ServiceMonitor trilith-system/trilith",
      ],
    ]);
  });
});

test("the dashboard comes in a ConfigMap only when asked, as it is in the chart", () => {
  const name = "ConfigMap trilith-system/trilith-dashboard";
  const asked = rendered("--set", "metrics.dashboard.enabled=true")[name] as {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly data: Readonly<Record<string, string>>;
  };
  expect([Object.keys(rendered()).includes(name), asked.metadata.labels["grafana_dashboard"]]).toEqual([false, "1"]);
  expect(JSON.parse(asked.data["trilith.json"] ?? "")).toEqual(
    JSON.parse(readFileSync(join(chart, "dashboards", "trilith.json"), "utf8")),
  );
});

describe("trilith install --print", () => {
  test.each([
    ["by default", "", ""],
    [
      "with every option",
      "--replicas 3 --image registry.example.com/trilith:v9 --image-pull-policy Never --envoy-image envoy:x --envoy-pull-policy Always --certificate-life 12h --root-introduction 30m --trust-domain example.org --unknown-destinations refuse --mesh-access-log failures --mesh-networks 10.0.0.0/8,2001:db8::/32 --capture-image capture:x --x-mesh --log-level debug --no-gateway-class --secret-namespace a --secret-namespace b --gateway-namespace c",
      "replicas=3 image.repository=registry.example.com/trilith image.tag=v9 image.pullPolicy=Never envoy.image=envoy:x envoy.pullPolicy=Always identity.certificateLife=12h identity.rootIntroduction=30m mesh.trustDomain=example.org mesh.unknownDestinations=refuse mesh.accessLog=failures mesh.networks={10.0.0.0/8,2001:db8::/32} mesh.captureImage=capture:x mesh.xMesh=true log.level=debug gatewayClass.create=false rbac.secretNamespaces={a,b} rbac.gatewayNamespaces={c}",
    ],
    ["without the mesh", "--no-mesh", "mesh.enabled=false"],
    ["with agents on nodes", "--redirection Node", "mesh.redirection=Node"],
    [
      "with agents of another image, for another container runtime",
      "--redirection Node --node-image node:x --network-namespaces /run/docker/netns --log-level debug",
      "mesh.redirection=Node mesh.node.image=node:x mesh.node.networkNamespaces=/run/docker/netns log.level=debug",
    ],
    [
      "without the mesh, and so without agents",
      "--no-mesh --redirection Node",
      "mesh.enabled=false mesh.redirection=Node",
    ],
  ])("prints what the chart renders, %s", (_, options, values) => {
    const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");
    expect(printed(...words(options))).toEqual(rendered(...words(values).flatMap((value) => ["--set", value])));
  });

  test("prints the namespace, too, for restricted pods alone", () => {
    const [first] = Object.values(objectsOf(run(join(root, "bin", "trilith"), ["install", "--print", "-n", "here"])));
    expect(first).toEqual({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "here", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
  });

  test.each([
    [["install"], 'trilith: nothing is applied by "trilith install" itself; ask for the manifests with --print\n'],
    [["install", "--print", "--replicas", "none"], "it must be a number from 1 to 20."],
    [["install", "--print", "--certificate-life", "1s"], "it must be a duration such as 24h or 90m, of at least 60s."],
    [
      ["install", "--print", "--root-introduction", "2m"],
      "it must be a duration such as 24h or 90m, of at least 180s.",
    ],
    [
      ["install", "--print", "--mesh-networks", "10.0.0.0/8,cart"],
      '"cart" is no network; write them as 10.0.0.0/8,fd00::/8',
    ],
    [["install", "--print", "-n", "Here"], "it must be a name of lower-case letters, digits and dashes"],
  ])("refuses %j", (args, message) => {
    expect(run(join(root, "bin", "trilith"), args)).toEqual({
      code: 2,
      out: "",
      error: expect.stringContaining(message),
    });
  });
});
