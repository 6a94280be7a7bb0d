import { expect, test } from "vitest";
import type { GatewayParametersSpec, GatewaySpecAddress } from "../resources/index.ts";
import { generatedName } from "./generated-name.ts";
import { serviceSpec } from "./service.ts";
import { servicesOf } from "./service-plan.ts";
import { wish } from "./testing/example-wish.ts";

const outside = (value?: string): GatewaySpecAddress => ({ type: "IPAddress", ...(value !== undefined && { value }) });
const inside = (value?: string): GatewaySpecAddress => ({ ...outside(value), routability: "Cluster" });
const plansOf = (addresses: readonly GatewaySpecAddress[], parameters: GatewayParametersSpec = {}): unknown =>
  servicesOf({ ...wish, addresses, parameters }).map(({ name, type, ...plan }) => [
    name === generatedName(wish.name, wish.gatewayClassName) ? "first" : "another",
    type,
    plan.outside,
    plan.inside,
    plan.tellsInside,
  ]);

test("a Gateway has one Service, and another one for each address that one cannot have", () => {
  expect([
    plansOf([]),
    plansOf([outside(), inside("10.0.0.7")]),
    plansOf([outside("192.0.2.1"), outside("192.0.2.2"), inside("10.0.0.7"), inside("10.0.0.8")]),
    plansOf([inside("10.0.0.7"), inside()]),
  ]).toEqual([
    [["first", "LoadBalancer", undefined, undefined, false]],
    [["first", "LoadBalancer", undefined, "10.0.0.7", true]],
    [
      ["first", "LoadBalancer", "192.0.2.1", "10.0.0.7", true],
      ["another", "LoadBalancer", "192.0.2.2", undefined, false],
      ["another", "ClusterIP", undefined, "10.0.0.8", true],
    ],
    [["first", "ClusterIP", undefined, "10.0.0.7", true]],
  ]);
});

test("addresses of two families are not of one Service, since the first family of a Service decides about both", () => {
  expect(plansOf([outside("192.0.2.1"), inside("fd00::7")])).toEqual([
    ["first", "LoadBalancer", "192.0.2.1", undefined, false],
    ["another", "ClusterIP", undefined, "fd00::7", true],
  ]);
});

test("without a load balancer, addresses outside need no Services, since nobody could give them", () => {
  expect(plansOf([outside("192.0.2.1"), outside("192.0.2.2")], { service: { type: "NodePort" } })).toEqual([
    ["first", "NodePort", undefined, undefined, false],
  ]);
});

test("the Service of an address has one name, whatever else is asked for, and it is a label", () => {
  const namesOf = (...addresses: readonly GatewaySpecAddress[]): string[] =>
    servicesOf({ ...wish, name: "w".repeat(60), addresses }).map(({ name }) => name);
  const [, second, third] = namesOf(outside("192.0.2.1"), outside("192.0.2.2"), outside("192.0.2.3"));
  expect(namesOf(outside("192.0.2.1"), outside("192.0.2.3"))[1]).toBe(third);
  expect(second).not.toBe(third);
  expect([second, third].every((name) => /^[a-z][-a-z0-9]{0,61}[a-z0-9]$/.test(name ?? ""))).toBe(true);
});

test("an address that is asked for decides about a Service's first family, parameters about all else", () => {
  const familiesOf = (
    address: GatewaySpecAddress | undefined,
    service: GatewayParametersSpec["service"] = {},
  ): unknown => {
    const of = { ...wish, addresses: address ? [address] : [], parameters: { service } };
    const { ipFamilyPolicy, ipFamilies } = serviceSpec(servicesOf(of)[0], of, {}) as Record<string, unknown>;
    return [ipFamilyPolicy, ipFamilies];
  };
  expect([
    familiesOf(undefined),
    familiesOf(undefined, { ipFamilies: ["IPv6"] }),
    familiesOf(undefined, { ipFamilyPolicy: "PreferDualStack" }),
    familiesOf(outside("2001:db8::1"), { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv4", "IPv6"] }),
    familiesOf(inside("10.0.0.7"), { ipFamilies: ["IPv6"] }),
  ]).toEqual([
    ["SingleStack", undefined],
    ["SingleStack", ["IPv6"]],
    ["PreferDualStack", undefined],
    ["RequireDualStack", ["IPv6", "IPv4"]],
    ["SingleStack", ["IPv4"]],
  ]);
});
