import { expect, test } from "vitest";
import type { Listener, RouteGroupKind } from "../../resources/index.ts";
import { gatewayGroup } from "../../resources/index.ts";
import { allowedKindsOf } from "./protocols.ts";

const listener = (protocol: string, kinds?: readonly RouteGroupKind[]): Listener => ({
  name: "l",
  port: 80,
  protocol,
  allowedRoutes: { namespaces: { from: "Same" }, ...(kinds && { kinds }) },
});

const kind = (name: string, group: string = gatewayGroup): RouteGroupKind => ({ group, kind: name });

test.each([
  ["HTTP", ["HTTPRoute", "GRPCRoute"]],
  ["HTTPS", ["HTTPRoute", "GRPCRoute"]],
  ["TLS", ["TLSRoute"]],
  ["TCP", ["TCPRoute"]],
  ["UDP", ["UDPRoute"]],
  ["example.com/Custom", []],
  ["constructor", []],
])("a listener of protocol %s carries %j", (protocol, kinds) => {
  expect(allowedKindsOf(listener(protocol), "spec.listeners[0]")).toEqual({ kinds, problems: [] });
});

test("stated kinds narrow what is carried, whatever their order", () => {
  expect(allowedKindsOf(listener("HTTP", [kind("GRPCRoute")]), "l").kinds).toEqual(["GRPCRoute"]);
});

test("a kind that the protocol cannot carry, and one of another group, are told", () => {
  const stated = [kind("TCPRoute"), kind("HTTPRoute"), kind("HTTPRoute", "example.com")];
  expect(allowedKindsOf(listener("HTTP", stated), "l")).toEqual({
    kinds: ["HTTPRoute"],
    problems: [
      {
        reason: "InvalidRouteKinds",
        message: "a listener of protocol HTTP carries HTTPRoute and GRPCRoute, not TCPRoute",
        path: "l.allowedRoutes.kinds[0]",
      },
      {
        reason: "InvalidRouteKinds",
        message: "a listener of protocol HTTP carries HTTPRoute and GRPCRoute, not HTTPRoute.example.com",
        path: "l.allowedRoutes.kinds[2]",
      },
    ],
  });
});
