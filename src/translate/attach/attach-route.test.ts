import { describe, expect, test } from "vitest";
import { listenerKey, proxyKey, socketKey } from "../../model/index.ts";
import { gatewayGroup, objectKey, type ParentReference, type RouteKindName } from "../../resources/index.ts";
import type { AttachPoint } from "./attach-points.ts";
import { bindRoute } from "./attach-route.ts";

const gateway = { namespace: "infra", name: "web" };
const parent = { key: objectKey({ group: gatewayGroup, kind: "Gateway", ...gateway }), gateway };
const proxy = proxyKey("local");

const point = (name: string, more: Partial<AttachPoint> = {}): AttachPoint => ({
  key: listenerKey({ kind: "Gateway", ...gateway }, name),
  parent: parent.key,
  namespace: "infra",
  name,
  gateway,
  proxy,
  protocol: "HTTP",
  port: 80,
  hostname: "*",
  narrower: [],
  allowedKinds: ["HTTPRoute", "GRPCRoute"],
  allowedNamespaces: { from: "All" },
  socket: socketKey(proxy, "0.0.0.0", "tcp", 80),
  serving: true,
  ...more,
});

interface Case {
  readonly points: readonly AttachPoint[];
  readonly ref?: Partial<ParentReference>;
  readonly hostnames?: readonly string[];
  readonly kind?: RouteKindName;
  readonly closed?: readonly string[];
  readonly refusal?: string;
}

/** The reason, and where the route is attached with which domains. */
function bind({ points, ref, hostnames = [], kind = "HTTPRoute", closed = [], refusal }: Case) {
  const object = objectKey({ group: gatewayGroup, kind, namespace: "infra", name: "r" });
  const { result, attachments } = bindRoute(
    {
      reference: { kind, namespace: "infra", name: "r", object, generation: 1 },
      parentRefs: [],
      hostnames,
      usesDefaultGateways: false,
    },
    {
      parentRef: { group: gatewayGroup, kind: "Gateway", name: "web", ...ref },
      index: 0,
      path: "spec.parentRefs[0]",
    },
    {
      parent: { ...parent, ...(refusal !== undefined && { refusal }) },
      points,
      allowsNamespace: ({ name }) => !closed.includes(name),
    },
  );
  const at = attachments.map(({ listener, hosts }) => [
    listener.slice(listener.lastIndexOf("/") + 1),
    hosts.map(({ domain, routeHostname }) => (domain === routeHostname ? domain : `${domain} (${routeHostname})`)),
  ]);
  return { reason: result.accepted.reason, at: Object.fromEntries(at) as Record<string, string[]> };
}

describe("where a route attaches", () => {
  test("to every listener that takes it", () => {
    expect(bind({ points: [point("a"), point("b", { port: 81 })] })).toEqual({
      reason: "Accepted",
      at: { a: ["*"], b: ["*"] },
    });
  });

  test("only on the port that it names", () => {
    expect(bind({ points: [point("a"), point("b", { port: 81 })], ref: { port: 81 } }).at).toEqual({ b: ["*"] });
  });

  test("also to a listener that cannot serve", () => {
    expect(bind({ points: [point("a", { serving: false })] })).toEqual({ reason: "Accepted", at: { a: ["*"] } });
  });

  test("a TCPRoute attaches without hostnames", () => {
    const points = [point("a", { protocol: "TCP", allowedKinds: ["TCPRoute"] })];
    expect(bind({ points, kind: "TCPRoute" })).toEqual({ reason: "Accepted", at: { a: [] } });
  });

  test("in the domains where its hostnames meet the listener's", () => {
    const points = [point("a", { hostname: "*.example.com" })];
    const hostnames = ["*.com", "a.example.com", "*.b.example.com", "example.com", "a.org"];
    expect(bind({ points, hostnames }).at).toEqual({
      a: ["a.example.com", "*.b.example.com", "*.example.com (*.com)"],
    });
  });

  test("once in each domain, by its most specific hostname there", () => {
    const points = [point("a", { hostname: "a.example.com" })];
    expect(bind({ points, hostnames: ["*.com", "*.example.com"] }).at).toEqual({
      a: ["a.example.com (*.example.com)"],
    });
    expect(bind({ points, hostnames: ["a.example.com", "*.com"] }).at).toEqual({ a: ["a.example.com"] });
  });

  test("not in what a narrower listener takes, and still counts as attached", () => {
    const points = [point("a", { narrower: ["*.example.com"] })];
    expect(bind({ points, hostnames: ["a.example.com"] })).toEqual({ reason: "Accepted", at: { a: [] } });
    expect(bind({ points, hostnames: ["a.example.com", "*.com"] }).at).toEqual({ a: ["*.com"] });
  });
});

describe("why a route does not attach", () => {
  test.each<[string, Case, string]>([
    ["no listener has the name", { points: [], ref: { sectionName: "x" } }, "NoMatchingParent"],
    [
      "name and port must both match",
      { points: [point("a")], ref: { sectionName: "a", port: 81 } },
      "NoMatchingParent",
    ],
    ["the ListenerSet is not attached itself", { points: [], refusal: "not allowed" }, "NoMatchingParent"],
    ["no listener takes its kind", { points: [point("a")], kind: "TLSRoute" }, "NotAllowedByListeners"],
    ["no listener takes its namespace", { points: [point("a")], closed: ["a"] }, "NotAllowedByListeners"],
    [
      "hostnames have nothing in common",
      { points: [point("a", { hostname: "a.com" })], hostnames: ["b.com"] },
      "NoMatchingListenerHostname",
    ],
    [
      "the one whose hostname would fit takes no such namespace",
      { points: [point("a", { hostname: "a.com" }), point("b")], hostnames: ["b.com"], closed: ["b"] },
      "NoMatchingListenerHostname",
    ],
    [
      "kind comes before hostname",
      { points: [point("a", { hostname: "a.com" })], hostnames: ["b.com"], kind: "TLSRoute" },
      "NotAllowedByListeners",
    ],
  ])("%s", (_, given, reason) => {
    expect(bind(given)).toEqual({ reason, at: {} });
  });
});
