import { toBinary, toJson } from "@bufbuild/protobuf";
import { createRegistry } from "@bufbuild/protobuf";
import type { JsonValue } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  backendKey,
  entryOf,
  forwardTo,
  hostOf,
  labelled,
  matchOf,
  mirrorTo,
  noFilters,
  ruleOf,
  weighted,
} from "../../../test/support/http-model.ts";
import { VirtualHostSchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { file_envoy_extensions_filters_http_ext_authz_v3_ext_authz } from "../../generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import { file_envoy_extensions_filters_http_stateful_session_v3_stateful_session } from "../../generated/envoy/extensions/filters/http/stateful_session/v3/stateful_session_pb.ts";
import { file_envoy_extensions_http_stateful_session_header_v3_header } from "../../generated/envoy/extensions/http/stateful_session/header/v3/header_pb.ts";
import { file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts } from "../../generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import type { HttpEntry, RuleFilters, VirtualHost } from "../../model/index.ts";
import { clustersOf, virtualHostOf } from "./virtual-host.ts";

const registry = createRegistry(
  file_envoy_extensions_filters_http_ext_authz_v3_ext_authz,
  file_envoy_extensions_filters_http_stateful_session_v3_stateful_session,
  file_envoy_extensions_http_stateful_session_header_v3_header,
  file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts,
);
const jsonOf = (host: VirtualHost): JsonValue =>
  toJson(VirtualHostSchema, virtualHostOf(host, { scheme: "http" }), { registry });
const base = {
  name: "local/tcp/127.0.0.1/0/shop.test",
  domains: ["shop.test"],
};
const shop = (...entries: readonly HttpEntry[]): VirtualHost => hostOf("shop.test", entries);
const set = (name: string, value: string): Partial<RuleFilters> => ({
  requestHeaders: { set: [{ name, value }], add: [], remove: [] },
});

describe("a virtual host", () => {
  test("without entries has no routes, and a misdirected one answers 421 to everything", () => {
    expect(jsonOf(shop())).toEqual(base);
    expect(jsonOf({ ...shop(), purpose: "misdirected" })).toEqual({
      ...base,
      routes: [{ name: "misdirected", match: { prefix: "/" }, directResponse: { status: 421 } }],
    });
  });

  test("names its routes after the rule and the match, and states that there is no timeout", () => {
    const match = matchOf("/cart*", { method: "GET", headers: { a: "1", b: "~2.*" }, query: { q: "3" } });
    const entry = { ...entryOf(match, ruleOf("cart", forwardTo(weighted("cart")))), matchIndex: 2 };
    expect(jsonOf(shop(entry))).toEqual({
      ...base,
      routes: [
        {
          name: "HTTPRoute/test/cart#0/2",
          match: {
            pathSeparatedPrefix: "/cart",
            headers: [
              { name: ":method", stringMatch: { exact: "GET" } },
              { name: "a", stringMatch: { exact: "1" } },
              { name: "b", stringMatch: { safeRegex: { regex: "2.*" } } },
            ],
            queryParameters: [{ name: "q", stringMatch: { exact: "3" } }],
          },
          route: { cluster: "Service/test/cart/80", timeout: "0s" },
        },
      ],
    });
  });

  test("spreads by weight in one route where backends differ in headers only", () => {
    const rule = ruleOf("cart", forwardTo(weighted("a", 3, set("x", "a")), weighted("b", 1)), {
      filters: { ...noFilters, ...set("x", "rule") },
    });
    const overwrite = (value: string): object => ({
      header: { key: "x", value },
      appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
    });
    expect(jsonOf(shop(entryOf(matchOf("/*"), rule)))).toEqual({
      ...base,
      routes: [
        {
          name: "HTTPRoute/test/cart#0/0",
          match: { prefix: "/" },
          route: {
            weightedClusters: {
              clusters: [
                { name: "Service/test/a/80", weight: 3, requestHeadersToAdd: [overwrite("a")] },
                { name: "Service/test/b/80", weight: 1, requestHeadersToAdd: [overwrite("rule")] },
              ],
            },
            timeout: "0s",
          },
        },
      ],
    });
  });

  test("spreads over several routes where backends are treated differently", () => {
    const rule = ruleOf("cart", forwardTo(weighted("a", 1, { mirrors: [mirrorTo("c", 1, 8)] }), weighted("b", 3)));
    const below = { runtimeFraction: { defaultValue: { numerator: 250_000, denominator: "MILLION" } } };
    const mirrored = { defaultValue: { numerator: 31_250, denominator: "MILLION" } };
    const name = "HTTPRoute/test/cart#0/0";
    expect(jsonOf(shop(entryOf(matchOf("/*"), rule)))).toEqual({
      ...base,
      routes: [
        {
          name,
          match: { prefix: "/", ...below },
          route: {
            cluster: "Service/test/a/80",
            timeout: "0s",
            requestMirrorPolicies: [
              { cluster: "Service/test/c/80", runtimeFraction: mirrored, disableShadowHostSuffixAppend: true },
            ],
          },
        },
        { name, match: { prefix: "/" }, route: { cluster: "Service/test/b/80", timeout: "0s" } },
      ],
    });
  });

  test("states timeouts, retries and sessions", () => {
    const rule = ruleOf("cart", forwardTo(weighted("a")), {
      grpc: true,
      requestTimeoutMs: 1500,
      backendRequestTimeoutMs: 500,
      retry: { attempts: 3, codes: [503], backoffMs: 20 },
      sessionPersistence: { type: "Header", name: "x-session" },
    });
    const type = (name: string): string => `type.googleapis.com/envoy.extensions.${name}`;
    expect(jsonOf(shop(entryOf(matchOf("/*"), rule)))).toEqual({
      ...base,
      routes: [
        {
          name: "HTTPRoute/test/cart#0/0",
          match: { prefix: "/" },
          route: {
            cluster: "Service/test/a/80",
            timeout: "1.500s",
            retryPolicy: {
              retryOn:
                "connect-failure,refused-stream,reset-before-request,retriable-headers,unavailable,retriable-status-codes",
              numRetries: 3,
              perTryTimeout: "0.500s",
              retriableStatusCodes: [503],
              // A proxy of the mesh that could not hand the request over.
              retriableHeaders: [{ name: "x-trilith-unreached", presentMatch: true }],
              retryHostPredicate: [
                {
                  name: "envoy.retry_host_predicates.previous_hosts",
                  typedConfig: { "@type": type("retry.host.previous_hosts.v3.PreviousHostsPredicate") },
                },
              ],
              hostSelectionRetryMaxAttempts: "5",
              retryBackOff: { baseInterval: "0.020s" },
            },
          },
          responseHeadersToRemove: ["x-trilith-unreached"],
          typedPerFilterConfig: {
            "envoy.filters.http.stateful_session": {
              "@type": type("filters.http.stateful_session.v3.StatefulSessionPerRoute"),
              statefulSession: {
                sessionState: {
                  name: "envoy.http.stateful_session.header",
                  typedConfig: {
                    "@type": type("http.stateful_session.header.v3.HeaderBasedSessionState"),
                    name: "x-session",
                  },
                },
              },
            },
          },
        },
      ],
    });
  });

  test("refuses everything where it cannot ask whether it may serve", () => {
    const externalAuth = {
      protocol: "HTTP",
      pathPrefix: "",
      allowedRequestHeaders: [],
      allowedResponseHeaders: [],
      maxBodyBytes: 0,
    } as const;
    const rule = ruleOf("cart", forwardTo(weighted("a")), { filters: { ...noFilters, externalAuth } });
    expect(jsonOf(shop(entryOf(matchOf("/*"), rule)))).toEqual({
      ...base,
      routes: [{ name: "HTTPRoute/test/cart#0/0", match: { prefix: "/" }, directResponse: { status: 500 } }],
    });
  });

  test("encodes to the same bytes each time", () => {
    const entries = Array.from({ length: 50 }, (_, index) =>
      labelled(`e${index}`, `/${index}*`, { headers: { [`h${index % 3}`]: "x" } }),
    );
    const encode = (): Uint8Array => toBinary(VirtualHostSchema, virtualHostOf(shop(...entries), { scheme: "http" }));
    expect(encode()).toEqual(encode());
  });
});

test("the backends of a host are those of its weights, mirrors and authorisation services", () => {
  const externalAuth = {
    protocol: "GRPC",
    backend: backendKey("guard"),
    pathPrefix: "",
    allowedRequestHeaders: [],
    allowedResponseHeaders: [],
    maxBodyBytes: 0,
  } as const;
  const rule = ruleOf("cart", forwardTo(weighted("b", 1, { mirrors: [mirrorTo("m", 1, 1)] }), weighted("a")), {
    filters: { ...noFilters, externalAuth },
  });
  const host = shop(entryOf(matchOf("/a"), rule), entryOf(matchOf("/b"), rule));
  expect(clustersOf(host)).toEqual(["a", "b", "guard", "m"].map(backendKey));
  expect(clustersOf({ ...host, purpose: "misdirected" })).toEqual([]);
});
