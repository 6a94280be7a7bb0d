import { describe, expect, test } from "vitest";
import { listenerKey, proxyKey } from "../../model/index.ts";
import { objectKey } from "../../resources/index.ts";
import type { ListenerClaim } from "../listener.ts";
import { isTaken, judgePort } from "./conflicts.ts";

interface Sketch {
  readonly gateway?: string;
  readonly set?: string;
  readonly setNamespace?: string;
  readonly protocol?: string;
  readonly hostname?: string;
  readonly createdAt?: string;
  readonly gatewayCreatedAt?: string;
  readonly addresses?: readonly string[];
}

function claimOf(name: string, index: number, sketch: Sketch): ListenerClaim {
  const { gateway = "web", set, setNamespace = "infra", createdAt, gatewayCreatedAt } = sketch;
  const identity = set === undefined ? { kind: "Gateway", name: gateway } : { kind: "ListenerSet", name: set };
  const parent = {
    kind: set === undefined ? ("Gateway" as const) : ("ListenerSet" as const),
    namespace: set === undefined ? "infra" : setNamespace,
    name: identity.name,
    object: objectKey({ group: "", namespace: set === undefined ? "infra" : setNamespace, ...identity }),
  };
  return {
    key: listenerKey(parent, name),
    parent,
    gateway: { namespace: "infra", name: gateway },
    gatewayObject: objectKey({ group: "", kind: "Gateway", namespace: "infra", name: gateway }),
    proxy: proxyKey("local"),
    index,
    spec: {
      name,
      port: 80,
      protocol: sketch.protocol ?? "HTTP",
      allowedRoutes: { namespaces: { from: "Same" } },
      ...(sketch.hostname !== undefined && { hostname: sketch.hostname }),
    },
    ...(gatewayCreatedAt !== undefined && { gatewayCreatedAt }),
    ...(createdAt !== undefined && { parentCreatedAt: createdAt }),
    addresses: sketch.addresses ?? ["0.0.0.0"],
    refused: false,
  };
}

/** What became of each claim: `served`, the reason of its conflict, or `occupied`. The order in which they come must not count. */
function judge(sketches: Readonly<Record<string, Sketch>>): Record<string, string> {
  const claims = Object.entries(sketches).map(([name, sketch], index) => claimOf(name, index, sketch));
  const outcomes = (verdicts: ReturnType<typeof judgePort>) =>
    Object.fromEntries(
      verdicts.map(({ key, conflict, occupied }) => [
        key.slice(key.lastIndexOf("/") + 1),
        conflict?.reason ?? (occupied === undefined ? "served" : "occupied"),
      ]),
    );
  const result = outcomes(judgePort(claims));
  expect(outcomes(judgePort([...claims].reverse()))).toEqual(result);
  return result;
}

describe("within a Gateway", () => {
  test("listeners with different hostnames live together", () => {
    expect(judge({ a: { hostname: "a.com" }, b: { hostname: "*.com" }, c: {} })).toEqual({
      a: "served",
      b: "served",
      c: "served",
    });
  });

  test("nobody wins where hostnames are the same", () => {
    expect(judge({ a: { hostname: "a.com" }, b: { hostname: "a.com" }, c: {} })).toEqual({
      a: "HostnameConflict",
      b: "HostnameConflict",
      c: "served",
    });
  });

  test("a TCP listener and all that share its port are out", () => {
    expect(judge({ tcp: { protocol: "TCP" }, http: {}, other: { hostname: "a.com" } })).toEqual({
      tcp: "ProtocolConflict",
      http: "ProtocolConflict",
      other: "ProtocolConflict",
    });
  });

  test("two TCP listeners cannot be told apart", () => {
    expect(judge({ a: { protocol: "TCP" }, b: { protocol: "TCP" } })).toEqual({
      a: "HostnameConflict",
      b: "HostnameConflict",
    });
  });

  test("plain HTTP does not go with TLS", () => {
    expect(judge({ http: { hostname: "a.com" }, tls: { protocol: "TLS", hostname: "b.com" } })).toEqual({
      http: "ProtocolConflict",
      tls: "ProtocolConflict",
    });
  });

  test("HTTPS and TLS share a port by server name, but not a server name", () => {
    expect(
      judge({
        https: { protocol: "HTTPS", hostname: "a.com" },
        tls: { protocol: "TLS", hostname: "b.com" },
        same: { protocol: "TLS", hostname: "a.com" },
      }),
    ).toEqual({ https: "ProtocolConflict", tls: "served", same: "ProtocolConflict" });
  });
});

describe("between a Gateway and its ListenerSets", () => {
  test("the Gateway's listener wins over an older set's", () => {
    expect(
      judge({
        set: { set: "older", createdAt: "2020-01-01T00:00:00Z" },
        own: { gatewayCreatedAt: "2026-01-01T00:00:00Z" },
      }),
    ).toEqual({
      set: "HostnameConflict",
      own: "served",
    });
  });

  test("the older set wins, and of equally old ones the first by name", () => {
    expect(
      judge({
        newer: { set: "a", createdAt: "2026-02-01T00:00:00Z" },
        older: { set: "b", createdAt: "2026-01-01T00:00:00Z" },
        ["older-too"]: { set: "c", createdAt: "2026-01-01T00:00:00Z" },
      }),
    ).toEqual({ newer: "HostnameConflict", older: "served", "older-too": "HostnameConflict" });
  });

  test("a set's listener that lost keeps nobody away", () => {
    expect(
      judge({
        own: { hostname: "own.com" },
        tcp: { set: "a", protocol: "TCP" },
        beside: { set: "a", hostname: "beside.com" },
        later: { set: "b", hostname: "later.com" },
      }),
    ).toEqual({ own: "served", tcp: "ProtocolConflict", beside: "served", later: "served" });
  });

  test("a set does not get what two listeners of its Gateway keep from each other", () => {
    expect(judge({ a: { hostname: "a.com" }, b: { hostname: "a.com" }, set: { set: "s", hostname: "a.com" } })).toEqual(
      {
        a: "HostnameConflict",
        b: "HostnameConflict",
        set: "HostnameConflict",
      },
    );
  });

  test("sets of other namespaces are not named to each other", () => {
    const claims = [
      claimOf("x", 0, { set: "a", setNamespace: "one" }),
      claimOf("y", 0, { set: "b", setNamespace: "two" }),
    ];
    expect(judgePort(claims)[1]?.conflict?.message).toBe("a listener of another ListenerSet has hostname * on port 80");
  });
});

describe("between Gateways of one machine", () => {
  test("the oldest has the port, whatever the hostnames", () => {
    expect(
      judge({
        newer: { gateway: "a", hostname: "a.com", gatewayCreatedAt: "2026-02-01T00:00:00Z" },
        older: { gateway: "b", hostname: "b.com", gatewayCreatedAt: "2026-01-01T00:00:00Z" },
      }),
    ).toEqual({ newer: "occupied", older: "served" });
  });

  test("different addresses do not meet, but one that stands for all meets them", () => {
    expect(
      judge({
        a: { gateway: "a", addresses: ["127.0.0.2"] },
        b: { gateway: "b", addresses: ["127.0.0.3"] },
        c: { gateway: "c", addresses: ["0.0.0.0"] },
        d: { gateway: "d", addresses: ["::"] },
      }),
    ).toEqual({ a: "served", b: "served", c: "occupied", d: "served" });
  });
});

describe("hostnames that other listeners take", () => {
  const verdicts = judgePort([
    claimOf("any", 0, { protocol: "HTTPS" }),
    claimOf("wild", 1, { protocol: "HTTPS", hostname: "*.a.com" }),
    claimOf("exact", 2, { protocol: "HTTPS", hostname: "x.a.com" }),
    claimOf("tls", 3, { protocol: "TLS", hostname: "y.a.com" }),
  ]);

  test("narrower listeners take from wider ones; TLS looks at all server names, HTTPS at those of requests", () => {
    expect(verdicts.map(({ narrower, misdirected }) => ({ narrower, misdirected }))).toEqual([
      { narrower: ["*.a.com", "x.a.com"], misdirected: ["*.a.com", "x.a.com"] },
      { narrower: ["x.a.com"], misdirected: ["*", "x.a.com"] },
      { narrower: [], misdirected: ["*", "*.a.com"] },
      { narrower: [], misdirected: [] },
    ]);
  });

  test("overlapping hostnames are told of both", () => {
    expect(verdicts.map(({ overlapping }) => overlapping)).toEqual([
      ["listener wild", "listener exact", "listener tls"],
      ["listener any", "listener exact", "listener tls"],
      ["listener any", "listener wild"],
      ["listener any", "listener wild"],
    ]);
  });

  test.each([
    ["x.a.com", true],
    ["*.a.com", true],
    ["*.b.a.com", true],
    ["*.com", false],
    ["b.com", false],
  ])("of a listener for any name, %s is taken by *.a.com: %s", (domain, taken) => {
    expect(isTaken(domain, ["*.a.com"])).toBe(taken);
  });
});
