import { expect, test } from "vitest";
import { gatewayAddressOf } from "./gateway-address.ts";
import { wish } from "./testing/example-wish.ts";

const READY = { availableReplicas: 1 };
const balanced = {
  status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  clusterIPs: ["10.0.0.1"],
  isBalanced: true,
};
const CLUSTER = { type: "IPAddress", routability: "Cluster" };
const inCluster = { status: { loadBalancer: {} }, clusterIPs: ["10.0.0.1", "fd00::1"], isBalanced: false };
const valuesOf = (...given: Parameters<typeof gatewayAddressOf>): string[] =>
  gatewayAddressOf(...given).addresses.map(({ value }) => value);

test("a Gateway is reached by its load balancer, or without one by the Service's addresses in the cluster", () => {
  expect(valuesOf(wish, balanced, READY, undefined)).toEqual(["192.0.2.1"]);
  expect(valuesOf(wish, inCluster, READY, undefined)).toEqual(["10.0.0.1", "fd00::1"]);
});

test("a Gateway without a ready pod has no address yet", () => {
  expect(valuesOf(wish, inCluster, undefined, undefined)).toEqual([]);
});

test("an address that was asked for is told to be unusable where no load balancer can give it", () => {
  const addresses = [{ type: "IPAddress", value: "192.0.2.9" }];
  expect(gatewayAddressOf({ ...wish, addresses }, inCluster, READY, undefined).unusable).toEqual([
    { value: "192.0.2.9", message: "192.0.2.9 was not given to the Service, which has no load balancer" },
  ]);
});

test("a Gateway that asks for an address in the cluster is told it, beside that of its load balancer or alone", () => {
  const addressesOf = (addresses: typeof wish.addresses): unknown =>
    gatewayAddressOf({ ...wish, addresses }, balanced, READY, undefined);
  const own = { type: "IPAddress", value: "10.0.0.1", routability: "Cluster" };
  const { key } = wish;
  expect([
    addressesOf([CLUSTER]),
    addressesOf([{ type: "IPAddress" }, { ...CLUSTER, value: "10.0.0.1" }]),
    addressesOf([{ ...CLUSTER, value: "10.0.0.9" }]),
  ]).toEqual([
    { key, addresses: [own], unusable: [] },
    { key, addresses: [{ type: "IPAddress", value: "192.0.2.1" }, own], unusable: [] },
    {
      key,
      addresses: [own],
      unusable: [
        {
          value: "10.0.0.9",
          message: "10.0.0.9 is not the Service's address in the cluster, which it keeps as long as it exists",
        },
      ],
    },
  ]);
});

test("an address of the load balancer is none in the cluster, nor the other way round", () => {
  const unusable = (value: string, routability?: string): number =>
    gatewayAddressOf(
      { ...wish, addresses: [{ type: "IPAddress", value, ...(routability !== undefined && { routability }) }] },
      balanced,
      READY,
      undefined,
    ).unusable.length;
  expect([
    unusable("192.0.2.1"),
    unusable("192.0.2.1", "Cluster"),
    unusable("10.0.0.1"),
    unusable("10.0.0.1", "Cluster"),
  ]).toEqual([0, 1, 1, 0]);
});
