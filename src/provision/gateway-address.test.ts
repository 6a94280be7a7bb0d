import { expect, test } from "vitest";
import { gatewayAddressOf } from "./gateway-address.ts";
import { wish } from "./testing/example-wish.ts";

const READY = { availableReplicas: 1 };
const balanced = { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } };
const inCluster = { status: { loadBalancer: {} }, clusterIPs: ["10.0.0.1", "fd00::1"] };
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
