import { expect, test } from "vitest";
import { generatedName } from "./generated-name.ts";
import { manifestsOf } from "./manifests.ts";
import { installation, wish } from "./testing/example-wish.ts";
import type { Wish } from "./wish.ts";

interface Sent {
  readonly kind: string;
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
  readonly spec: {
    readonly ports: readonly unknown[];
    readonly loadBalancerIP?: string;
    readonly template: { readonly metadata: Sent["metadata"] };
  };
}

const sentOf = (of: Wish, by = installation): readonly Sent[] => manifestsOf(of, by) as unknown as Sent[];
const find = (sent: readonly Sent[], kind: string): Sent => {
  const found = sent.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
};

test("everything that is made has the Gateway's labels, belongs to it and is named after it", () => {
  const labels = {
    team: "a",
    "gateway.networking.k8s.io/gateway-name": "web",
    "gateway.networking.k8s.io/gateway-class-name": "trilith",
    "app.kubernetes.io/managed-by": "trilith.dev-gateway-controller",
  };
  const owner = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    name: "web",
    uid: "u-1",
    controller: true,
  };
  const metadata = {
    name: "web-trilith",
    namespace: "shop",
    labels,
    annotations: { cost: "b" },
    ownerReferences: [owner],
  };
  expect(manifestsOf(wish, installation).map((manifest) => [manifest.kind, manifest.metadata])).toEqual(
    ["ServiceAccount", "ConfigMap", "Service", "Deployment"].map((kind) => [kind, metadata]),
  );
});

test("one port may be there for TCP and for UDP", () => {
  expect(find(sentOf(wish), "Service").spec.ports).toEqual([
    { name: "tcp-443", port: 443, targetPort: 443, protocol: "TCP" },
    { name: "udp-443", port: 443, targetPort: 443, protocol: "UDP" },
  ]);
});

test("labels of a Gateway cannot take its pods from it", () => {
  const stealing = { ...wish, infrastructure: { labels: { "gateway.networking.k8s.io/gateway-name": "other" } } };
  const { labels } = find(sentOf(stealing), "Deployment").spec.template.metadata;
  expect(labels["gateway.networking.k8s.io/gateway-name"]).toBe("web");
});

test("pods are made anew for another bootstrap, and not for another port or other authorities", () => {
  const filesOf = (sent: readonly Sent[]): string | undefined =>
    find(sent, "Deployment").spec.template.metadata.annotations["trilith.dev/files"];
  const before = filesOf(sentOf(wish));
  expect(filesOf(sentOf({ ...wish, ports: [] }))).toBe(before);
  expect(filesOf(sentOf(wish, { ...installation, caBundle: "PEM, and another" }))).toBe(before);
  const other = { ...installation, filesOf: () => ({ "bootstrap.json": "another" }) };
  expect(filesOf(sentOf(wish, other))).not.toBe(before);
});

test("a Gateway without ports has no Service", () => {
  expect(sentOf({ ...wish, ports: [] }).map(({ kind }) => kind)).toEqual(["ServiceAccount", "ConfigMap", "Deployment"]);
});

test.each([
  ["web", "trilith", "web-trilith"],
  ["a".repeat(55), "trilith", `${"a".repeat(55)}-trilith`],
])("the name for %s of class %s is %s", (gateway, gatewayClass, name) => {
  expect(generatedName(gateway, gatewayClass)).toBe(name);
});

test("a name that is too long is shortened, and stays one of its own", () => {
  const names = ["x", "y"].map((end) => generatedName(`${"a".repeat(252)}${end}`, "trilith"));
  expect(names.map((name) => name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))).toEqual([true, true]);
  expect(names[0]).not.toBe(names[1]);
});

test("names that differ in a dot alone do not meet", () => {
  expect(generatedName("a.b", "trilith")).not.toBe(generatedName("a-b", "trilith"));
});
