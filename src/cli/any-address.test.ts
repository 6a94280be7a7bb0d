import { expect, test } from "vitest";
import { anyAddress } from "./any-address.ts";

const LOOPBACK = {
  lo: [
    { address: "127.0.0.1", internal: true },
    { address: "::1", internal: true },
  ],
};

test.each([
  ["0.0.0.0", "with loopback alone", LOOPBACK],
  ["0.0.0.0", "with IPv4", { ...LOOPBACK, eth0: [{ address: "10.98.0.4", internal: false }] }],
  ["0.0.0.0", "with an IPv6 address that only its link knows", { eth0: [{ address: "fe80::1", internal: false }] }],
  ["::", "with IPv6 alone", { ...LOOPBACK, eth0: [{ address: "fd00::4", internal: false }] }],
  [
    "::",
    "with both",
    {
      eth0: [
        { address: "10.98.0.4", internal: false },
        { address: "2001:db8::4", internal: false },
      ],
    },
  ],
] as const)("%s %s", (expected, _, interfaces) => {
  expect(anyAddress(interfaces)).toBe(expected);
});
