import { describe, expect, test } from "vitest";
import { captureRules } from "./capture-rules.ts";
import { captureFromText } from "./capture-variable.ts";
import { type Injection, injectSidecar } from "./inject-sidecar.ts";
import type { AdmittedPod } from "./pod.ts";
import type { SidecarSettings } from "./sidecar-containers.ts";

const settings: SidecarSettings = {
  envoy: { image: "envoy:1", pullPolicy: "IfNotPresent" },
  redirection: { by: "InitContainer", image: { image: "capture:1", pullPolicy: "Always" } },
  bootstrapOf: (probes) => JSON.stringify(probes),
  trustDomain: "cluster.local",
  audience: "trilith.dev/xds",
  paths: { files: "/etc/trilith", tokenFolder: "/var/run/token", adminSocket: "/run/trilith/admin.sock" },
};

const everything = { excludedInboundPorts: [], excludedOutboundPorts: [], excludedOutboundNetworks: [] };

const inject = (pod: AdmittedPod): Injection => injectSidecar(pod, "shop", settings);
const injectForNode = (pod: AdmittedPod): Injection =>
  injectSidecar(pod, "shop", { ...settings, redirection: { by: "Node" } });

function valueOf(injection: Injection, path: string): unknown {
  return injection.kind === "injected"
    ? injection.patch.find((operation) => operation.path === path)?.value
    : undefined;
}

const namesOf = (parts: unknown): string[] => (parts as { readonly name: string }[]).map(({ name }) => name);

describe("a pod of the mesh", () => {
  test("gets the redirection, then the sidecar, before whatever it starts with itself", () => {
    const injection = inject({
      metadata: { labels: { app: "cart" } },
      spec: {
        serviceAccountName: "cart",
        initContainers: [{ name: "migrate" }],
        containers: [{ name: "cart" }],
        volumes: [{ name: "data" }],
      },
    });
    expect([
      valueOf(injection, "/metadata/labels"),
      namesOf(valueOf(injection, "/spec/initContainers")),
      namesOf(valueOf(injection, "/spec/volumes")),
    ]).toEqual([
      { app: "cart", "trilith.dev/sidecar": "envoy" },
      ["trilith-capture", "trilith-proxy", "migrate"],
      ["data", "trilith-files", "trilith-run", "trilith-token"],
    ]);
  });

  test("has a sidecar that is restricted, and known by its namespace and ServiceAccount", () => {
    const [capture, sidecar] = valueOf(inject({ spec: { containers: [{ name: "a" }] } }), "/spec/initContainers") as [
      object,
      object,
    ];
    expect([capture, sidecar]).toEqual([
      {
        name: "trilith-capture",
        image: "capture:1",
        imagePullPolicy: "Always",
        args: [captureRules(everything)],
        resources: { requests: { cpu: "10m", memory: "16Mi" } },
        securityContext: {
          runAsUser: 0,
          runAsGroup: 0,
          runAsNonRoot: false,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
      },
      expect.objectContaining({
        name: "trilith-proxy",
        image: "envoy:1",
        restartPolicy: "Always",
        args: [
          "--config-yaml",
          "[]",
          "--service-node",
          "$(POD_NAME)",
          "--service-cluster",
          "mesh/shop/default",
          "--service-zone",
          "$(TRILITH_ZONE)/$(TRILITH_NODE)",
          "--log-level",
          "warning",
          "--concurrency",
          "2",
          "--disable-hot-restart",
        ],
        securityContext: {
          runAsUser: 15_000,
          runAsGroup: 15_000,
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
      }),
    ]);
  });

  test("has its sidecar asked what the kubelet would ask its containers, those that start before the others as well", () => {
    const livenessProbe = { tcpSocket: { port: 8080 } };
    const injection = inject({
      spec: { initContainers: [{ name: "first", livenessProbe }], containers: [{ name: "cart", livenessProbe }] },
    });
    const [, sidecar, first] = valueOf(injection, "/spec/initContainers") as readonly {
      readonly args?: readonly string[];
    }[];
    const asked = (name: string): object => ({
      name,
      livenessProbe: { httpGet: { path: `/probes/${name}/liveness`, port: 15_021, scheme: "HTTP" } },
    });
    const probes = ["cart", "first"].map((name) => ({ kind: "tcp", asked: `/probes/${name}/liveness`, port: 8080 }));
    expect([valueOf(injection, "/spec/containers"), first, sidecar?.args?.[1]]).toEqual([
      [asked("cart")],
      asked("first"),
      JSON.stringify(probes),
    ]);
  });

  test("says in its metrics whose they are, and where they are read, unless its workload has said so for itself", () => {
    const metadata = {
      labels: { "pod-template-hash": "5d8f" },
      ownerReferences: [{ kind: "ReplicaSet", name: "cart-5d8f", controller: true }],
    };
    const injection = inject({ metadata, spec: { serviceAccountName: "carter" } });
    const [, sidecar] = valueOf(injection, "/spec/initContainers") as [
      object,
      { readonly env: readonly { readonly name: string; readonly value?: string }[] },
    ];
    const own = { "prometheus.io/scrape": "true", "prometheus.io/port": "8080" };
    const part = { "prometheus.io/port": "8080" };
    const stated = [own, part].map((annotations) => inject({ metadata: { annotations }, spec: {} }));
    expect([
      sidecar.env.filter(({ name, value }) => name.startsWith("TRILITH_") && value !== undefined),
      valueOf(injection, "/metadata/annotations"),
      stated.map((one) => valueOf(one, "/metadata/annotations")),
    ]).toEqual([
      [
        { name: "TRILITH_NAMESPACE", value: "shop" },
        { name: "TRILITH_WORKLOAD", value: "cart" },
        { name: "TRILITH_IDENTITY", value: "spiffe://cluster.local/ns/shop/sa/carter" },
      ],
      {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "15020",
        "prometheus.io/path": "/stats/prometheus",
      },
      [own, part],
    ]);
  });

  test("says in its spans which pod and workload they are of, by variables that stand before", () => {
    const injection = inject({ metadata: { labels: {} }, spec: {} });
    const [, sidecar] = valueOf(injection, "/spec/initContainers") as [
      object,
      { readonly env: { readonly name: string; readonly value?: string }[] },
    ];
    const names = sidecar.env.map(({ name }) => name);
    const resource = sidecar.env.find(({ name }) => name === "OTEL_RESOURCE_ATTRIBUTES");
    const used = [...(resource?.value ?? "").matchAll(/\$\((\w+)\)/g)].map(([, name = ""]) => name);
    expect([resource?.name, used, used.filter((name) => !names.includes(name))]).toEqual([
      "OTEL_RESOURCE_ATTRIBUTES",
      ["POD_NAME", "POD_NAME", "POD_UID", "TRILITH_NODE"],
      [],
    ]);
  });

  test("excludes what its annotations name from redirection", () => {
    const annotations = {
      "trilith.dev/exclude-inbound-ports": "9090",
      "trilith.dev/exclude-outbound-ports": "5432, 6379",
      "trilith.dev/exclude-outbound-networks": "10.9.0.0/16,fd00::/8",
    };
    const [capture] = valueOf(inject({ metadata: { annotations }, spec: {} }), "/spec/initContainers") as [
      { readonly args: readonly string[] },
    ];
    expect(capture.args[0]?.split("\n").filter((line) => line.includes("{ "))).toEqual([
      "    tcp dport { 5432, 6379 } return",
      "    ip daddr { 10.9.0.0/16 } return",
      "    ip6 daddr { fd00::/8 } return",
      "    tcp dport { 15020, 15021, 15030-15045, 9090 } return",
    ]);
  });

  test("has what its sidecar hands over left alone, and what the workload calls of itself taken, of either family", () => {
    const lines = captureRules(everything).split("\n");
    expect(lines.slice(lines.indexOf("  chain outbound {") + 2, lines.indexOf("    meta skuid 15000 return"))).toEqual([
      "    ip saddr 127.0.0.6 return",
      "    meta skuid 15000 ip6 dscp 43 return",
      '    oifname "lo" meta skuid 15000 ip daddr != 127.0.0.0/8 tcp dport != 15020 redirect to :15006',
      '    oifname "lo" meta skuid 15000 ip6 daddr != ::1 tcp dport != 15020 redirect to :15006',
    ]);
  });

  test("is held back until the kernel redirects, whatever it excludes", () => {
    const annotations = { "trilith.dev/exclude-inbound-ports": "15022" };
    const [capture, sidecar] = valueOf(inject({ metadata: { annotations }, spec: {} }), "/spec/initContainers") as [
      { readonly args: readonly string[] },
      object,
    ];
    const inbound = capture.args[0]?.split("\n").filter((line) => line.includes("tcp dport"));
    expect([inbound?.at(-2)?.trim(), sidecar]).toEqual([
      "tcp dport 15022 redirect to :15020",
      expect.objectContaining({
        startupProbe: {
          httpGet: { path: "/ready", port: 15_022, scheme: "HTTP" },
          periodSeconds: 1,
          failureThreshold: 120,
        },
      }),
    ]);
  });

  test("asks for no capability where its node redirects, tells that what it excludes, and waits for it", () => {
    const annotations = { "trilith.dev/exclude-outbound-networks": "10.9.0.0/16" };
    const pod = { metadata: { annotations }, spec: { initContainers: [{ name: "migrate" }] } };
    const [sidecar, ...others] = valueOf(injectForNode(pod), "/spec/initContainers") as [
      { readonly env: readonly { readonly name: string; readonly value?: string }[] },
    ];
    const told = sidecar.env.find(({ name }) => name === "TRILITH_CAPTURE")?.value ?? "";
    expect([namesOf([sidecar, ...others]), captureFromText(told), sidecar]).toEqual([
      ["trilith-proxy", "migrate"],
      { ...everything, excludedOutboundNetworks: ["10.9.0.0/16"] },
      expect.objectContaining({
        startupProbe: {
          httpGet: { path: "/ready?waits-for=trilith-node", port: 15_022, scheme: "HTTP" },
          periodSeconds: 1,
          failureThreshold: 3600,
        },
      }),
    ]);
  });

  test.each([
    ["trilith.dev/exclude-inbound-ports", "http", '"http" is no port'],
    ["trilith.dev/exclude-outbound-ports", "70000", '"70000" is no port'],
    ["trilith.dev/exclude-outbound-networks", "10.0.0.0/33", '"10.0.0.0/33" is no network'],
    ["trilith.dev/exclude-outbound-networks", "10.0.0.1 } accept; #", "is no network"],
  ])("is refused with the reason where %s is %s", (name, value, message) => {
    expect(inject({ metadata: { annotations: { [name]: value } }, spec: {} })).toEqual({
      kind: "refused",
      message: expect.stringMatching(`^annotation ${name}: .*${message.replaceAll(".", "\\.")}`),
    });
  });
});

test.each<[string, AdmittedPod, string]>([
  ["says no", { metadata: { labels: { "trilith.dev/mesh": "disabled" } }, spec: {} }, "disabled"],
  ["has the node's network", { spec: { hostNetwork: true } }, "hostNetwork"],
  ["has a sidecar", { spec: { initContainers: [{ name: "trilith-proxy" }] } }, "alreadyInjected"],
])("a pod that %s is left as it is", (_, pod, reason) => {
  expect(inject(pod)).toEqual({ kind: "left", reason });
});
