import { expect, test } from "vitest";
import { Graph } from "../../collections/index.ts";
import type { Gateway } from "../../resources/index.ts";
import { deriveAddressFacts } from "./address-facts.ts";

test("an address of this machine is one however a Gateway writes it", () => {
  const graph = new Graph();
  const gateways = graph.source<Gateway>({ name: "gateways", key: ({ metadata }) => metadata.name });
  const facts = deriveAddressFacts(graph, gateways, () => ["10.0.0.1", "fd00::a"]);
  const values = ["FD00:0:0::A", "0:0:0:0:0:0:0:0", "10.0.0.1", "127.0.0.9", "fd00::b", "web"];
  gateways.set({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { namespace: "shop", name: "web" },
    spec: {
      gatewayClassName: "trilith",
      listeners: [],
      addresses: values.map((value) => ({ type: "IPAddress", value })),
    },
  });
  expect([...facts.values()].sort((a, b) => a.key.localeCompare(b.key))).toEqual([
    { key: "::", usable: true },
    { key: "10.0.0.1", usable: true },
    { key: "127.0.0.9", usable: true },
    { key: "fd00::a", usable: true },
    { key: "fd00::b", usable: false, problem: "this machine has no address fd00::b; it has 10.0.0.1, fd00::a" },
    { key: "web", usable: false, problem: "web is no IP address" },
  ]);
});
