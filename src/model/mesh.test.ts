import { expect, test } from "vitest";
import { accountOf, ALL_SIDECARS, audiencesOf, havingIPv6, isAudience, sidecarKey, sidecarsOf } from "./mesh.ts";
import { proxyKey } from "./keys.ts";

test("a sidecar is of its account, its namespace and the mesh, and where its pod has IPv6 of those in each that have it", () => {
  const web = sidecarKey("shop", "web");
  expect([
    audiencesOf(web),
    audiencesOf(havingIPv6(web)),
    audiencesOf(sidecarKey("shop", "web", "web-1")),
    audiencesOf(proxyKey("shop/gateway")),
  ]).toEqual([
    [web, sidecarsOf("shop"), ALL_SIDECARS],
    [havingIPv6(web), web, havingIPv6(sidecarsOf("shop")), sidecarsOf("shop"), havingIPv6(ALL_SIDECARS), ALL_SIDECARS],
    ["mesh/shop/web/web-1", web, sidecarsOf("shop"), ALL_SIDECARS],
    ["shop/gateway"],
  ]);
});

test("those with IPv6 are an audience where the key is one, and a proxy of the account where it is not", () => {
  const keys = [ALL_SIDECARS, sidecarsOf("shop"), sidecarKey("shop", "web")];
  expect(keys.map((key) => isAudience(havingIPv6(key)))).toEqual([true, true, false]);
  expect(accountOf(havingIPv6(sidecarKey("shop", "web")))).toBe(sidecarKey("shop", "web"));
  expect(accountOf(sidecarKey("shop", "web", "web-1"))).toBe(sidecarKey("shop", "web", "web-1"));
});
