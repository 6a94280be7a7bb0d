import { expect, test } from "vitest";
import { tlsVersionsOf } from "./tls-versions.ts";

const [min, max] = ["trilith.dev/tls-min-version", "trilith.dev/tls-max-version"] as const;

test("known options bound the versions of TLS, and unknown ones are told", () => {
  expect(tlsVersionsOf({ [min]: "1.2", [max]: "1.3", "example.com/b": "", "example.com/a": "" }, "tls")).toEqual({
    bounds: { minVersion: "1.2", maxVersion: "1.3" },
    unknown: ["example.com/a", "example.com/b"],
  });
});

test("a version that is not supported refuses the listener", () => {
  expect(tlsVersionsOf({ [max]: "1.1" }, "tls").refusal).toEqual({
    reason: "UnsupportedValue",
    message: "the TLS version 1.1 is not supported; it can be 1.2 or 1.3",
    path: 'tls.options["trilith.dev/tls-max-version"]',
  });
});

test("bounds that exclude everything refuse the listener", () => {
  expect(tlsVersionsOf({ [min]: "1.3", [max]: "1.2" }, "tls").refusal?.message).toBe(
    "the lowest TLS version is above the highest",
  );
});
