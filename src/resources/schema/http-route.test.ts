import { describe, expect, test } from "vitest";
import { gatewayApiObject, told } from "./testing/told.ts";
import { validate } from "./validate.ts";

const route = (...rules: readonly object[]): object => gatewayApiObject("HTTPRoute", { rules });
const onPath = (value: string, type = "PathPrefix"): object => ({ matches: [{ path: { type, value } }] });
const backendRefs = [{ name: "b", port: 80 }];

describe("an HTTPRoute", () => {
  test("has defaults all the way down", () => {
    const written = gatewayApiObject("HTTPRoute", {
      parentRefs: [{ name: "g" }],
      rules: [
        {
          matches: [{}, { path: { value: "/x" }, headers: [{ name: "h", value: "v" }] }],
          filters: [{ type: "RequestRedirect", requestRedirect: {} }],
          retry: {},
        },
        { backendRefs, sessionPersistence: { cookie: {} } },
      ],
    });
    expect(validate(written).object).toMatchObject({
      spec: {
        parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "g" }],
        rules: [
          {
            matches: [
              { path: { type: "PathPrefix", value: "/" } },
              { path: { type: "PathPrefix", value: "/x" }, headers: [{ name: "h", type: "Exact", value: "v" }] },
            ],
            filters: [{ type: "RequestRedirect", requestRedirect: { statusCode: 302 } }],
            retry: { attempts: 1 },
          },
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ group: "", kind: "Service", name: "b", port: 80, weight: 1 }],
            sessionPersistence: { type: "Cookie", cookie: { path: "/", lifetimeType: "Session" } },
          },
        ],
      },
    });
  });

  test("without rules gets one that matches everything", () => {
    expect(validate(gatewayApiObject("HTTPRoute", {})).object).toMatchObject({
      spec: { rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }] },
    });
  });

  test.each([
    ["a", '"a" does not start with "/"'],
    ["/a//b", '"/a//b" contains "//": requests are normalised, so none would match'],
    ["/a/..", '"/a/.." ends with "/..", which no normalised request does'],
    ["/a%2Fb", '"/a%2Fb" contains "%2F": an encoded slash does not match reliably'],
    ["/a#b", '"/a#b" contains "#": a fragment is never sent to a server'],
    ["/ä", '"/ä" is not allowed: it must be of characters that a path may have, others written as %XX'],
  ])("matches no path that cannot come: %s", (path, message) => {
    expect(told(route(onPath(path)))).toEqual([`error spec.rules[0].matches[0].path.value: ${message}`]);
    expect(told(route(onPath(path, "RegularExpression")))).toEqual([]);
  });

  test("has filters with the field of their type, each modifier once", () => {
    const filter = { type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["x"] } };
    expect(told(route({ filters: [{ type: "URLRewrite", cors: {} }] }))).toEqual([
      'error spec.rules[0].filters[0].urlRewrite: is missing: type "URLRewrite" needs it',
      'error spec.rules[0].filters[0].cors: belongs to type "CORS", but type is "URLRewrite" (Remove "cors", or set "type" to "CORS")',
    ]);
    expect(told(route({ filters: [filter, filter] }))).toEqual([
      "error spec.rules[0].filters[1]: there can be only one filter of type RequestHeaderModifier, and item 0 is one already",
    ]);
  });

  test("redirects or forwards, and replaces a prefix that is there", () => {
    const redirect = {
      type: "RequestRedirect",
      requestRedirect: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" } },
    };
    expect(told(route({ ...onPath("/a", "Exact"), filters: [redirect], backendRefs }))).toEqual([
      'error spec.rules[0].filters[0]: a rule that redirects every request sends none to a backend (Remove "backendRefs", or the filter)',
      "error spec.rules[0].matches: a filter replaces the matched prefix (ReplacePrefixMatch), so the rule needs exactly one match, by PathPrefix, but its path is of type Exact (Use one rule for each prefix, or ReplaceFullPath)",
    ]);
  });

  test("refers to a Service by port and to each parent once", () => {
    const parentRefs = [{ name: "g" }, { name: "g", sectionName: "a" }, { name: "h" }, { name: "h" }];
    expect(told(gatewayApiObject("HTTPRoute", { parentRefs, rules: [{ backendRefs: [{ name: "b" }] }] }))).toEqual([
      'error spec.parentRefs[1]: item 0 names Gateway "g" too: of several references to one object, all must say which sectionName or port they mean',
      'error spec.parentRefs[3]: names Gateway "h" in the same way as item 2 does',
      'error spec.rules[0].backendRefs[0].port: a reference to a Service needs a port, and the one to "b" has none',
    ]);
  });

  test("has timeouts that can be kept, rule names that differ and at most 128 matches", () => {
    const timeouts = { request: "1s", backendRequest: "1001ms" };
    expect(told(route({ name: "a", timeouts }, { name: "a" }))).toEqual([
      "error spec.rules[0].timeouts.backendRequest: 1001ms is longer than the whole request may take (1s)",
    ]);
    expect(told(route({ name: "a" }, { name: "a" }))).toEqual([
      'error spec.rules[1].name: rule name "a" is used more than once, first by item 0',
    ]);
    const matches = Array.from({ length: 64 }, () => ({}));
    expect(told(route({ matches }, { matches }))).toEqual([]);
    expect(told(route({ matches }, { matches }, {}))).toEqual([
      "error spec.rules: has 129 matches in all rules together; at most 128 are allowed (Spread the rules over several routes)",
    ]);
  });
});
