import { expect, test } from "vitest";
import { objectKeyOf, type KnownObject } from "../resources/index.ts";
import { createEngine, type Engine } from "./engine.ts";
import { proxyKey } from "../model/index.ts";

const API_VERSION = "gateway.networking.k8s.io/v1";
const meta = (name: string, namespace?: string) => ({ name, ...(namespace !== undefined && { namespace }) }) as never;
const gatewayClass: KnownObject = {
  apiVersion: API_VERSION,
  kind: "GatewayClass",
  metadata: { name: "trilith", generation: 1 },
  spec: { controllerName: "trilith.dev/gateway-controller" },
};
const secretOf = (name: string, namespace?: string) => ({
  group: "",
  kind: "Secret",
  name,
  ...(namespace !== undefined && { namespace }),
});
const gateway = (name: string, gatewayClassName: string, secret: ReturnType<typeof secretOf>): KnownObject => ({
  apiVersion: API_VERSION,
  kind: "Gateway",
  metadata: meta(name, "shop"),
  spec: {
    gatewayClassName,
    listeners: [
      {
        name: "secure",
        port: 443,
        protocol: "HTTPS",
        tls: { mode: "Terminate", certificateRefs: [secret] },
        allowedRoutes: { namespaces: { from: "Same" } },
      },
    ],
  },
});
const policy: KnownObject = {
  apiVersion: API_VERSION,
  kind: "BackendTLSPolicy",
  metadata: meta("tls", "shop"),
  spec: {
    targetRefs: [{ group: "", kind: "Service", name: "cart" }],
    validation: { hostname: "cart.example.com", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] },
  },
};
const selecting: KnownObject = {
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XBackend",
  metadata: meta("pods", "inner"),
  spec: {
    type: "EndpointSelector",
    endpointSelector: { matchLabels: { app: "cart" } },
    port: { number: 80 },
    tls: { mode: "None" },
  },
};

const engine = (): Engine =>
  createEngine({
    controllerName: "trilith.dev/gateway-controller",
    proxyOf: () => proxyKey("local"),
    bindAddress: "0.0.0.0",
    addresses: "service",
    features: [],
  });

const add = (world: Engine, ...objects: readonly KnownObject[]): void =>
  world.applyChanges(objects.map((object) => ({ kind: "set", key: objectKeyOf(object), object })));

test("of Secrets, ConfigMaps and Pods, what something of ours refers to is wanted, and nothing else", () => {
  const world = engine();
  const ours = gateway("web", "trilith", secretOf("site", "certs"));
  add(world, gatewayClass, ours, gateway("same", "trilith", secretOf("site", "certs")), policy, selecting);
  add(world, gateway("theirs", "other", secretOf("private")));
  const wanted = () => [...world.translation.wantedResources.values()].map(({ key }) => key).sort();
  const first = wanted();
  world.applyChanges([
    { kind: "delete", key: objectKeyOf(policy), of: "BackendTLSPolicy" },
    { kind: "delete", key: objectKeyOf(ours), of: "Gateway" },
  ]);
  expect([first, wanted()]).toEqual([
    ["ConfigMap/shop/ca", "Pod/inner", "Secret/certs/site"],
    ["Pod/inner", "Secret/certs/site"],
  ]);
});

test("a GatewayClass says whether the CRDs of the cluster are of the version that is supported", () => {
  const world = engine();
  add(world, gatewayClass);
  const supported = () => {
    const status = world.translation.statuses.get(objectKeyOf(gatewayClass))?.status;
    const conditions = status && "conditions" in status ? (status.conditions ?? []) : [];
    return conditions.flatMap(({ type, ...rest }) =>
      type === "SupportedVersion" ? [[rest.status, rest.message]] : [],
    );
  };
  const states = [supported()];
  world.driven.bundle.set({ key: "bundle", versions: ["v1.7.2"], unversioned: [] });
  states.push(supported());
  world.driven.bundle.set({ key: "bundle", versions: ["v1.5.0", "v1.7.0"], unversioned: ["tcproutes.x"] });
  states.push(supported());
  expect(states).toEqual([
    [["True", "Gateway API v1.7.0 is supported"]],
    [["True", "Gateway API v1.7.2 is supported"]],
    [
      [
        "False",
        "Gateway API v1.7 is supported, and the cluster has CRDs of v1.5.0, v1.7.0 and CRDs without a version (tcproutes.x)",
      ],
    ],
  ]);
});
