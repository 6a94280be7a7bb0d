import { describe, expect, test } from "vitest";
import { isInNetwork, parseNetwork } from "./ip-network.ts";

describe("a network", () => {
  test.each([
    ["10.0.0.0/8", { address: "10.0.0.0", length: 8 }],
    ["10.0.0.1", { address: "10.0.0.1", length: 32 }],
    ["2001:DB8::/32", { address: "2001:DB8::", length: 32 }],
    ["0.0.0.0/0", { address: "0.0.0.0", length: 0 }],
  ])("is read from %s", (text, network) => {
    expect(parseNetwork(text)).toEqual(network);
  });

  test.each([
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "10.0.0/8",
    "cart/8",
    "10.0.0.1 } accept; #",
    "",
  ])('is not "%s"', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["172.16.0.0/12", "172.31.255.255", true],
    ["172.16.0.0/12", "172.32.0.0", false],
    ["0.0.0.0/0", "203.0.113.5", true],
    ["0.0.0.0/0", "fd00::1", false],
    ["fc00::/7", "FDFF:0::1", true],
    ["fc00::/7", "fe00::1", false],
    ["2001:db8:0:80::/57", "2001:db8:0:ff::1", true],
    ["2001:db8:0:80::/57", "2001:db8:0:7f::1", false],
    ["10.0.0.1/32", "10.0.0.1", true],
  ])("%s with %s in it: %s", (network, address, isIn) => {
    const parsed = parseNetwork(network);
    expect(parsed && isInNetwork(parsed, address)).toBe(isIn);
  });
});
