import { expect, test } from "vitest";
import { Graph } from "../../collections/index.ts";
import { proxyKey } from "../../model/index.ts";
import { type GatewayParameters, type HostsParameter, objectKeyOf, trilithGroup } from "../../resources/index.ts";
import type { OwnClass } from "./gateway-classes.ts";
import { classKeyOf, gatewayKeyOf, type ManagedGateway } from "./managed-gateways.ts";
import { deriveParameters, type ParametersOfGateway } from "./parameters.ts";

const PARAMETERS = { group: trilithGroup, kind: "GatewayParameters", name: "own" };
const web = { namespace: "shop", name: "web" };

/** What becomes of parameters of the class, and of those that the Gateway refers to. `missing`: it refers to none that there are. */
function parametersOf(
  ofClass: GatewayParameters["spec"],
  own: GatewayParameters["spec"] | "missing" | undefined,
): Partial<ParametersOfGateway> | undefined {
  const graph = new Graph();
  const gateways = graph.source<ManagedGateway>({ name: "gateways", key: ({ key }) => key });
  const classes = graph.source<OwnClass>({ name: "classes", key: ({ key }) => key });
  const stated = graph.source<GatewayParameters>({ name: "parameters", key: objectKeyOf });
  const parameters = deriveParameters(graph, gateways, classes, stated);
  const spec = {
    gatewayClassName: "trilith",
    listeners: [],
    ...(own && { infrastructure: { parametersRef: PARAMETERS } }),
  };
  classes.set({
    key: classKeyOf(spec),
    name: "trilith",
    generation: 1,
    accepted: { status: "True", reason: "Accepted", message: "" },
    parameters: ofClass,
  });
  gateways.set({ ...web, key: gatewayKeyOf(web), generation: 1, proxy: proxyKey("local"), spec });
  if (own !== undefined && own !== "missing")
    stated.set({
      apiVersion: `${trilithGroup}/v1alpha1`,
      kind: "GatewayParameters",
      metadata: { namespace: "shop", name: "own" },
      spec: own,
    });
  return parameters.get(gatewayKeyOf(web));
}

test.each<[HostsParameter | undefined, HostsParameter | undefined, HostsParameter | undefined]>([
  [undefined, undefined, undefined],
  ["Many", undefined, "Many"],
  [undefined, "Many", "Many"],
  ["Many", "Few", "Few"],
  ["Few", "Many", "Many"],
])(
  "hosts of the class %s and of the Gateway %s are %s, apart from what the pods are made by",
  (ofClass, own, hosts) => {
    const statedBy = (value: HostsParameter | undefined) => ({ replicas: 2, ...(value && { hosts: value }) });
    expect(parametersOf(statedBy(ofClass), statedBy(own))).toEqual({
      key: gatewayKeyOf(web),
      parameters: { replicas: 2 },
      overlays: [],
      ...(hosts && { hosts }),
    });
  },
);

test("hosts of the class do not count for a Gateway whose own parameters are missing", () => {
  expect(parametersOf({ hosts: "Many" }, undefined)?.hosts).toBe("Many");
  expect(parametersOf({ hosts: "Many" }, "missing")).toEqual({
    key: gatewayKeyOf(web),
    parameters: {},
    overlays: [],
    problem: {
      reason: "InvalidParameters",
      message: "There is no valid GatewayParameters shop/own",
      path: "spec.infrastructure.parametersRef",
    },
  });
});
