import * as fc from "fast-check";
import { isIP, SocketAddress } from "node:net";
import { expect, test } from "vitest";
import { bytesOfAddress, canonicalAddress, isIPv4, isIPv6 } from "./ip-address.ts";

const fragment = fc.constantFrom("::", ":", "1", "ffff", "0", "10000", "g", "1.2.3.4", "256.1.1.1", ".");
const almostAddress = fc.array(fragment, { maxLength: 17 }).map((parts) => parts.join(""));

test("recognises addresses as Node does", () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), almostAddress);
  fc.assert(
    fc.property(address, (text) => {
      expect({ text, v4: isIPv4(text), v6: isIPv6(text) }).toEqual({
        text,
        v4: isIP(text) === 4,
        v6: isIP(text) === 6,
      });
    }),
    { numRuns: 2000 },
  );
});

test("accepts leading zeros only where asked to", () => {
  expect([isIPv4("010.0.0.1"), isIPv4("010.0.0.1", true), isIPv4("1.2.3.0256", true)]).toEqual([false, true, false]);
});

test("writes an address in one way, as Node does, however it was written", () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const written = canonicalAddress(text);
      const { address } = new SocketAddress({ address: text, family: "ipv6" });
      // Node writes the addresses that were once compatible with IPv4 as those of IPv4.
      const expected = /^::\d+\./.test(address) ? written : address;
      expect({ text, written, bytes: bytesOfAddress(written) }).toEqual({
        text,
        written: expected,
        bytes: bytesOfAddress(text),
      });
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["0:0:0:0:0:0:0:1", "::1"],
  ["FD00:0::0:A", "fd00::a"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["::FFFF:0a00:0001", "::ffff:10.0.0.1"],
  ["10.0.0.1", "10.0.0.1"],
  ["Cart.Example:80", "Cart.Example:80"],
])("writes %s as %s", (text, written) => {
  expect(canonicalAddress(text)).toBe(written);
});
