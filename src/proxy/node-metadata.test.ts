import { expect, test } from "vitest";
import { nodeMetadata, saysIPv6 } from "./node-metadata.ts";

test.each([
  ["10.0.0.1", false],
  ["10.0.0.1,fd00::1", true],
  ["fd00::1", true],
  ["", false],
])("a sidecar with the addresses %j has IPv6: %s", (addresses, has) => {
  expect(saysIPv6({ metadata: nodeMetadata(addresses) })).toBe(has);
});

test("a sidecar that says nothing of its addresses is one without IPv6", () => {
  expect([saysIPv6(undefined), saysIPv6({}), saysIPv6({ metadata: { podAddresses: ["fd00::1"] } })]).toEqual([
    false,
    false,
    false,
  ]);
});
