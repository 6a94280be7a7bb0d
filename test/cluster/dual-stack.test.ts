/**
 * A cluster of both families, IPv6 first, so that kubelets ask by it, and with public addresses, which the mesh is told of: a Gateway is
 * answered on both, and calls in the mesh are mutual TLS by whichever way they go.
 */
import { describe, expect, inject, test } from "vitest";
import { clientOf, echoPod, echoWithAccount, namespaceObject, statusOf } from "./echo-workload.ts";
import {
  accessPolicy,
  ECHO_PORTS,
  echoService,
  fromAccount,
  httpRoute,
  MARKED,
  ofAccount,
  serviceParent,
  webGateway,
} from "./mesh-objects.ts";
import { useTrilithCluster } from "./use-trilith-cluster.ts";

const DUAL = { ipFamilyPolicy: "RequireDualStack" };
/** Of "cart", unless the spec selects others. */
const service = (name: string, spec: object): object =>
  echoService("shop", name, ECHO_PORTS, { selector: { name: "cart" }, ...spec });

const probe = { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 };
/** One whom the kubelet asks in every way that there is. */
const probes = {
  readinessProbe: probe,
  livenessProbe: { tcpSocket: { port: 9090 }, periodSeconds: 1 },
};

const statefulSet = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "store", namespace: "shop" },
  spec: {
    serviceName: "store",
    selector: { matchLabels: { name: "store" } },
    template: echoPod("store"),
  },
};

const onlyWeb = accessPolicy("shop", "only-web", {
  ...ofAccount("guarded"),
  rules: [{ sources: [fromAccount("shop", "web")] }],
});

const routed = httpRoute("shop", "routed", [serviceParent("routed", 80)], "cart", MARKED);

const gatewayObjects = [
  {
    apiVersion: "trilith.dev/v1alpha1",
    kind: "GatewayParameters",
    metadata: { name: "dual", namespace: "shop" },
    spec: { service: { ipFamilyPolicy: "RequireDualStack" } },
  },
  webGateway("shop", "web", {
    infrastructure: { parametersRef: { group: "trilith.dev", kind: "GatewayParameters", name: "dual" } },
  }),
  httpRoute("shop", "web", [{ name: "web" }], "cart"),
];

const used = useTrilithCluster(
  ({ apply, untilRolledOut, kubectl }) => {
    apply(namespaceObject("shop", { "trilith.dev/mesh": "enabled" }));
    apply(
      ...echoWithAccount("shop", "web"),
      ...echoWithAccount("shop", "other"),
      ...echoWithAccount("shop", "cart", { container: probes }),
      ...echoWithAccount("shop", "guarded"),
      statefulSet,
      service("cart", DUAL),
      service("routed", DUAL),
      service("one-family", { ipFamilies: ["IPv4"] }),
      service("store", { ...DUAL, clusterIP: "None", selector: { name: "store" } }),
      service("guarded", { ...DUAL, selector: { name: "guarded" } }),
      service("own", { ...DUAL, selector: { name: "web" } }),
      onlyWeb,
      routed,
      ...gatewayObjects,
    );
    untilRolledOut(...["web", "other", "cart", "guarded"].map((name) => ["shop", `deployment/${name}`] as const), [
      "shop",
      "statefulset/store",
    ]);
    kubectl("-n", "shop", "wait", "--for=condition=Programmed", "gateway/web", "--timeout=60s");
  },
  { families: ["IPv6", "IPv4"], options: ["--mesh-networks=10.0.0.0/8,2001:db8::/32"] },
);
const { kubectl } = used;

const valuesOf = (object: string, path: string): readonly string[] =>
  kubectl("-n", "shop", "get", ...object.split(" "), "-o", `jsonpath=${path}`).split(" ");

const clusterAddresses = (name: string): readonly string[] => valuesOf(`service/${name}`, "{.spec.clusterIPs[*]}");
const podAddresses = (name: string): readonly string[] =>
  valuesOf(`pods -l name=${name}`, "{.items[0].status.podIPs[*].ip}");

const inUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** What a workload's client is answered; it fails where it is not. */
const call = (from: string, url: string): string => kubectl(...clientOf("shop", from, "--timeout=10s", url));

/** The status that `web` is answered with, or all that its client says where there is none. */
function answerTo(url: string): string {
  const output = call("web", url);
  return statusOf(output) ?? output;
}

/** How often a workload was reached, by the TLS that it was reached with; "" is plain text. As its sidecar counts, which is read in IPv6. */
function reachedBy(workload: string): ReadonlyMap<string, number> {
  const [address = ""] = podAddresses(workload);
  const { output } = used.cluster.run("curl", ["-s", "-m", "10", `http://${inUrl(address)}:15020/stats/prometheus`]);
  const counts = new Map<string, number>();
  for (const [, labels = "", count] of output.matchAll(COUNTED)) {
    if (!labels.includes('reporter="destination"')) continue;
    const tls = /[{,]tls="([^"]*)"/.exec(labels)?.[1] ?? "";
    counts.set(tls, (counts.get(tls) ?? 0) + Number(count));
  }
  return counts;
}

const COUNTED = /^envoy_trilith_(?:requests|connections_opened)_total(\{[^}]*\}) (\d+)$/gm;

/** With which TLS a workload was reached by the calls. */
async function tlsOf(workload: string, calls: () => void): Promise<readonly string[]> {
  const before = reachedBy(workload);
  calls();
  const since = (): string[] =>
    [...reachedBy(workload)].flatMap(([tls, count]) => (count > (before.get(tls) ?? 0) ? [tls] : []));
  await expect.poll(since, { timeout: 20_000 }).not.toEqual([]);
  return since();
}

describe.skipIf(!inject("canRunCluster"))("in a cluster of both families", { timeout: 120_000 }, () => {
  test("a Gateway has an address of each, and is answered on both", () => {
    const addresses = valuesOf("gateway/web", "{.status.addresses[*].value}");
    const codes = addresses.map((address) => {
      const args = ["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", `http://${inUrl(address)}/`];
      return [address.includes(":"), used.cluster.run("curl", args).output];
    });
    expect(codes).toEqual([
      [true, "200"],
      [false, "200"],
    ]);
  });

  test("a call by either address of a Service, or of a pod, is mutual TLS", async () => {
    const [service6 = "", service4 = ""] = clusterAddresses("cart");
    const [pod6 = "", pod4 = ""] = podAddresses("cart");
    const urls = [
      ...[service6, service4].flatMap((host) => [`http://${inUrl(host)}/`, `tcp://${inUrl(host)}:9090`]),
      ...[pod6, pod4].map((host) => `http://${inUrl(host)}:8080/`),
    ];
    const tls = await tlsOf("cart", () => {
      for (const url of urls) expect({ url, status: answerTo(url) }).toEqual({ url, status: "200" });
    });
    expect(tls).toEqual(["TLSv1.3"]);
  });

  test("a call by the name of a Service, of one family or without an address, is mutual TLS", async () => {
    const names = ["cart", "one-family", "cart.shop.svc.cluster.local"];
    const tls = await tlsOf("cart", () => {
      for (const name of names) expect(answerTo(`http://${name}/`)).toBe("200");
    });
    expect(tls).toEqual(["TLSv1.3"]);
    const headless = await tlsOf("store", () => {
      for (const name of ["store", "store-0.store"]) expect(answerTo(`http://${name}:8080/`)).toBe("200");
    });
    expect(headless).toEqual(["TLSv1.3"]);
  });

  test("routes answer by both addresses of their Service", () => {
    for (const host of clusterAddresses("routed"))
      expect(call("web", `http://${inUrl(host)}/`)).toContain("ResponseHeader=X-Mesh:routed");
  });

  test("a policy knows callers by their identities, whatever the family", () => {
    const hosts = clusterAddresses("guarded").map((host) => `${inUrl(host)}:80`);
    const pods = podAddresses("guarded").map((host) => `${inUrl(host)}:8080`);
    const seen = [...hosts, ...pods].map((host) =>
      ["web", "other"].map((caller) => {
        const client = ["client", "--timeout=10s", `http://${host}/`];
        const args = ["-n", "shop", "exec", `deploy/${caller}`, "-c", "echo", "--", ...client];
        const { output } = used.cluster.kubectl(args);
        return output.includes("StatusCode=200");
      }),
    );
    expect(seen).toEqual(Array.from({ length: 4 }, () => [true, false]));
  });

  test("a workload that calls itself through its Service is reached as by any other caller", async () => {
    const tls = await tlsOf("web", () => {
      for (const host of clusterAddresses("own")) expect(answerTo(`http://${inUrl(host)}/`)).toBe("200");
    });
    expect(tls).toEqual(["TLSv1.3"]);
  });

  test("whoever is outside the mesh is served in plain text, by both families", async () => {
    const tls = await tlsOf("cart", () => {
      for (const host of podAddresses("cart")) {
        const url = `http://${inUrl(host)}:8080/`;
        expect(used.cluster.run("curl", ["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", url]).output).toBe(
          "200",
        );
      }
    });
    expect(tls).toEqual([""]);
  });
});
