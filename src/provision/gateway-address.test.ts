import { expect, test } from "vitest";
import { type GatewayAddress, gatewayAddressOf, type PlannedService } from "./gateway-address.ts";
import { servicesOf } from "./service-plan.ts";
import { wish } from "./testing/example-wish.ts";

const READY = { availableReplicas: 1 };
const balanced = {
  status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  clusterIPs: ["10.0.0.1"],
  isBalanced: true,
};
const CLUSTER = { type: "IPAddress", routability: "Cluster" };
const inCluster = { status: { loadBalancer: {} }, clusterIPs: ["10.0.0.1", "fd00::1"], isBalanced: false };
/** Of a Gateway with the Services that it has for these addresses, in their order. */
function addressOf(
  addresses: typeof wish.addresses,
  found: readonly PlannedService["found"][],
  { refusals = [], deployment = READY }: { refusals?: readonly (string | undefined)[]; deployment?: unknown } = {},
): GatewayAddress {
  const services = servicesOf({ ...wish, addresses }).map((plan, index) => ({
    plan,
    found: found[index],
    refusal: refusals[index],
  }));
  return gatewayAddressOf({ ...wish, addresses }, services, deployment, undefined);
}
const valuesOf = (given: GatewayAddress): string[] => given.addresses.map(({ value }) => value);

test("a Gateway is reached by its load balancer, or without one by the Service's addresses in the cluster", () => {
  expect(valuesOf(addressOf([], [balanced]))).toEqual(["192.0.2.1"]);
  expect(valuesOf(addressOf([], [inCluster]))).toEqual(["10.0.0.1", "fd00::1"]);
});

test("a Gateway without a ready pod has no address yet", () => {
  expect(valuesOf(addressOf([], [inCluster], { deployment: {} }))).toEqual([]);
});

test("an address that was asked for is told to be unusable where no load balancer can give it", () => {
  const addresses = [{ type: "IPAddress", value: "192.0.2.9" }];
  expect(addressOf(addresses, [inCluster]).unusable).toEqual([
    { value: "192.0.2.9", message: "192.0.2.9 was not given to the Service, which has no load balancer" },
  ]);
});

test("an address is the same however its load balancer writes it", () => {
  const found = { ...balanced, status: { loadBalancer: { ingress: [{ ip: "2001:DB8:0:0::5" }] } } };
  const asked = [{ type: "IPAddress", value: "2001:db8::5" }];
  expect(addressOf(asked, [found])).toEqual({ key: wish.key, addresses: asked, unusable: [] });
});

test("a Gateway that asks for an address in the cluster is told it, beside that of its load balancer or alone", () => {
  const addressesOf = (addresses: typeof wish.addresses): unknown => addressOf(addresses, [balanced]);
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
    addressOf([{ type: "IPAddress", value, ...(routability !== undefined && { routability }) }], [balanced]).unusable
      .length;
  expect([
    unusable("192.0.2.1"),
    unusable("192.0.2.1", "Cluster"),
    unusable("10.0.0.1"),
    unusable("10.0.0.1", "Cluster"),
  ]).toEqual([0, 1, 1, 0]);
});

test("several addresses come from as many Services, and of each it is told whether it can be had", () => {
  const given = (ip?: string): PlannedService["found"] => ({
    status: { loadBalancer: ip === undefined ? {} : { ingress: [{ ip }] } },
    clusterIPs: ["10.0.0.1"],
    isBalanced: true,
  });
  const addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].map((value) => ({ type: "IPAddress", value }));
  const refusal = "the quota of Services has been used up";
  // The last is yet to be made.
  const found = [given("192.0.2.1"), given(), undefined, undefined];
  expect(addressOf(addresses, found, { refusals: [undefined, undefined, refusal] })).toEqual({
    key: wish.key,
    addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
    unusable: [
      { value: "192.0.2.2", message: "192.0.2.2 was not given to the Service by its load balancer" },
      { value: "192.0.2.3", message: refusal },
    ],
  });
});

test("addresses in the cluster are told of the Services that were asked for them", () => {
  const addresses = [
    { type: "IPAddress", value: "192.0.2.1" },
    { ...CLUSTER, value: "10.0.0.1" },
    { ...CLUSTER, value: "10.0.0.2" },
  ];
  const second = { status: { loadBalancer: {} }, clusterIPs: ["10.0.0.2"], isBalanced: false };
  expect(addressOf(addresses, [balanced, second])).toEqual({
    key: wish.key,
    addresses: [
      { type: "IPAddress", value: "192.0.2.1" },
      { ...CLUSTER, value: "10.0.0.1" },
      { ...CLUSTER, value: "10.0.0.2" },
    ],
    unusable: [],
  });
});
