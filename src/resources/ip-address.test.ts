import * as fc from "fast-check";
import { isIP } from "node:net";
import { expect, test } from "vitest";
import { isIPv4, isIPv6 } from "./ip-address.ts";

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
