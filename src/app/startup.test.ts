import { expect, test } from "vitest";
import { waitingFor } from "./startup.ts";

test("what cannot be read is told first, each reason once, and then some of what is yet to come", () => {
  const problem = "HTTPRoute cannot be followed: httproutes is forbidden";
  const coming = ["Service", "Namespace", "EndpointSlice", "Gateway", "GRPCRoute", "TLSRoute", "TCPRoute"];
  expect([
    waitingFor([...coming.map((what) => ({ what })), { what: "HTTPRoute", problem }, { what: "HTTPRoute", problem }]),
    waitingFor([{ what: "Service" }]),
    waitingFor([]),
  ]).toEqual([
    "it reads the cluster; HTTPRoute cannot be followed: httproutes is forbidden; " +
      "still to come: Service, Namespace, EndpointSlice, Gateway, GRPCRoute and 2 more",
    "it reads the cluster; still to come: Service",
    "it reads the cluster",
  ]);
});
