import { describe, expect, test } from "vitest";
import type { ResourceId, ResourceRecord } from "./resource.ts";
import type { SessionOptions } from "./session.ts";
import { ScriptedProxy } from "./testing/scripted-proxy.ts";

function record(
  id: ResourceId,
  version: string | number,
  needs: readonly ResourceId[] = [],
  bytes = 1,
): ResourceRecord {
  return { ...id, version: String(version), bytes: new Uint8Array(bytes), needs };
}
const clusterId = (name: string): ResourceId => ({ kind: "cluster", name });
const hostId = (name: string): ResourceId => ({ kind: "virtualHost", name });
const cluster = (name: string, version: string | number = 1): ResourceRecord =>
  record(clusterId(name), version, [{ kind: "endpoints", name }]);
const endpoints = (name: string, version: string | number = 1): ResourceRecord =>
  record({ kind: "endpoints", name }, version);
const backend = (name: string): ResourceRecord[] => [cluster(name), endpoints(name)];
const host = (name: string, version: string | number, ...clusters: string[]): ResourceRecord =>
  record(hostId(name), version, clusters.map(clusterId));
const table = (name: string): ResourceRecord => record({ kind: "routeTable", name }, 1);
const listener = (name: string, version: string | number = 1): ResourceRecord =>
  record({ kind: "listener", name }, version, [{ kind: "routeTable", name }]);

/** A proxy that has a cluster "a", and a listener and table "t" with one host that uses it. */
function servingProxy(options: SessionOptions = {}): ScriptedProxy {
  const proxy = new ScriptedProxy(options);
  proxy.want([...backend("a"), listener("t"), table("t"), host("t/x", 1, "a")]);
  proxy.request("cluster");
  proxy.ack("cluster");
  proxy.request("endpoints", { subscribe: ["a"] });
  proxy.ack("endpoints");
  proxy.request("listener");
  proxy.ack("listener");
  proxy.request("routeTable", { subscribe: ["t"] });
  proxy.ack("routeTable");
  proxy.request("virtualHost");
  proxy.ack("virtualHost");
  expect(proxy.session.progress()).toEqual({ underWay: 0, waiting: 0, pending: 0 });
  return proxy;
}

test("a name that the proxy is not to have is told, unless it has it from before", () => {
  const proxy = new ScriptedProxy();
  proxy.want(backend("a"));
  proxy.request("endpoints", { subscribe: ["a", "of-others", "from-before"], has: { "from-before": "1@" } });
  expect(proxy.troubles()).toEqual([{ kind: "unknown", id: { kind: "endpoints", name: "of-others" } }]);
});

describe("a proxy that starts", () => {
  test("is answered nothing before the first whole state is known, and then everything", () => {
    const proxy = new ScriptedProxy();
    expect(proxy.request("cluster")).toEqual([]);
    expect(proxy.request("listener")).toEqual([]);
    expect(proxy.want(backend("a"))).toEqual(["cluster +a=1", "listener"]);
  });

  test("is answered even when there is nothing, since it waits for that", () => {
    const proxy = new ScriptedProxy();
    proxy.want([]);
    expect(proxy.request("cluster")).toEqual(["cluster"]);
    expect(proxy.request("listener")).toEqual(["listener"]);
  });

  test("gets the hosts of a table after it took the table", () => {
    const proxy = new ScriptedProxy();
    proxy.want([listener("t"), table("t"), host("t/x", 1)]);
    proxy.request("cluster");
    expect(proxy.request("listener")).toEqual(["listener +t=1"]);
    expect(proxy.request("routeTable", { subscribe: ["t"] })).toEqual(["routeTable +t=1"]);
    expect(proxy.request("virtualHost")).toEqual([]);
    expect(proxy.ack("routeTable")).toEqual(["virtualHost +t/x=1"]);
  });
});

describe("a host", () => {
  test("goes out when its new cluster and that cluster's endpoints are acknowledged, not before", () => {
    const proxy = servingProxy();
    expect(proxy.want([...backend("b"), host("t/x", 2, "b")])).toEqual(["cluster +b=1"]);
    expect(proxy.ack("cluster")).toEqual([]);
    expect(proxy.request("endpoints", { subscribe: ["b"] })).toEqual(["endpoints +b=1@1"]);
    expect(proxy.ack("endpoints")).toEqual(["virtualHost +t/x=2"]);
  });

  test("waits for a changed cluster, whose endpoints are sent again after it", () => {
    const proxy = servingProxy();
    expect(proxy.want([cluster("a", 2), host("t/x", 2, "a")])).toEqual(["cluster +a=2", "endpoints +a=1@2"]);
    expect(proxy.ack("endpoints")).toEqual([]);
    expect(proxy.ack("cluster")).toEqual(["virtualHost +t/x=2"]);
  });

  test("waits for the secret of its cluster", () => {
    const proxy = servingProxy();
    const secret: ResourceId = { kind: "secret", name: "s" };
    const secure = record(clusterId("b"), 1, [{ kind: "endpoints", name: "b" }, secret]);
    proxy.want([secure, endpoints("b"), record(secret, 1), host("t/x", 2, "b")]);
    proxy.ack("cluster");
    proxy.request("endpoints", { subscribe: ["b"] });
    expect(proxy.ack("endpoints")).toEqual([]);
    expect(proxy.request("secret", { subscribe: ["s"] })).toEqual(["secret +s=1"]);
    expect(proxy.ack("secret")).toEqual(["virtualHost +t/x=2"]);
  });

  test("waits until a cluster that awaits it is called warm in its version", () => {
    const proxy = servingProxy();
    proxy.want([{ ...cluster("b"), awaits: "warm" }, endpoints("b"), host("t/x", 2, "b")]);
    proxy.ack("cluster");
    expect(proxy.troubles()).toEqual([{ kind: "warming", id: clusterId("b"), version: "1" }]);
    proxy.request("endpoints", { subscribe: ["b"] });
    expect(proxy.ack("endpoints")).toEqual([]);
    expect(proxy.tell({ kind: "warmed", cluster: "b", version: "0" })).toEqual([]);
    expect(proxy.tell({ kind: "warmed", cluster: "b", version: "1" })).toEqual(["virtualHost +t/x=2"]);
  });

  test("waits no longer than the bound, and that is told", () => {
    const proxy = servingProxy({ holdMs: 1_000 });
    proxy.now = 500;
    proxy.want([...backend("b"), host("t/x", 2, "b")]);
    expect(proxy.session.deadline()).toBe(1_500);
    proxy.now = 1_499;
    expect(proxy.want([host("t/x", 3, "b")])).toEqual([]);
    expect(proxy.tell({ kind: "tick" })).toEqual([]);
    proxy.now = 1_500;
    expect(proxy.tell({ kind: "tick" })).toEqual(["virtualHost +t/x=3"]);
    expect(proxy.troubles()).toEqual([
      { kind: "held", id: hostId("t/x"), version: "3", since: 500, because: [clusterId("b")] },
    ]);
    expect(proxy.session.deadline()).toBeUndefined();
  });

  test("does not wait for a change of endpoints", () => {
    const proxy = servingProxy();
    const messages = proxy.want([endpoints("a", 2), host("t/x", 2, "a")]);
    expect(messages).toEqual(["endpoints +a=2@1", "virtualHost +t/x=2"]);
  });

  test("that is removed stays until the wildcard host that inherits its requests is out", () => {
    const proxy = servingProxy();
    expect(proxy.want([host("t/*", 1, "b"), ...backend("b")], [hostId("t/x")])).toEqual(["cluster +b=1"]);
    proxy.ack("cluster");
    proxy.request("endpoints", { subscribe: ["b"] });
    expect(proxy.ack("endpoints")).toEqual(["virtualHost +t/*=1"]);
    expect(proxy.ack("virtualHost")).toEqual(["virtualHost -t/x"]);
  });
});

describe("a cluster", () => {
  test("is removed when the host that used it has acknowledged its new version", () => {
    const proxy = servingProxy();
    expect(proxy.want([host("t/x", 2)], [clusterId("a"), { kind: "endpoints", name: "a" }])).toEqual([
      "virtualHost +t/x=2",
    ]);
    expect(proxy.ack("virtualHost")).toEqual(["cluster -a"]);
  });

  test("stays as long as a draining listener's table holds a host that uses it", () => {
    const proxy = servingProxy();
    const removals: ResourceId[] = [
      clusterId("a"),
      { kind: "endpoints", name: "a" },
      { kind: "listener", name: "t" },
      { kind: "routeTable", name: "t" },
      hostId("t/x"),
    ];
    expect(proxy.want([], removals)).toEqual(["listener -t"]);
    expect(proxy.ack("listener")).toEqual([]);
    expect(proxy.request("routeTable", { unsubscribe: ["t"] })).toEqual(["cluster -a", "virtualHost -t/x"]);
  });

  test("that was sent, and is wanted no more, is told at once that there is nothing to wait for", () => {
    const proxy = servingProxy();
    expect(proxy.want(backend("b"))).toEqual(["cluster +b=1"]);
    expect(proxy.want([], [clusterId("b"), { kind: "endpoints", name: "b" }])).toEqual([]);
    expect(proxy.request("endpoints", { subscribe: ["b"] })).toEqual(["endpoints -b"]);
    expect(proxy.ack("endpoints")).toEqual([]);
    expect(proxy.ack("cluster")).toEqual(["cluster -b"]);
    expect(proxy.ack("cluster")).toEqual([]);
  });

  test("that is refused stays at its last good version, with which it is ready", () => {
    const proxy = servingProxy();
    proxy.want([cluster("a", 2), host("t/x", 2, "a")]);
    proxy.ack("endpoints");
    expect(proxy.nack("cluster")).toEqual(["virtualHost +t/x=2"]);
    expect(proxy.troubles()).toEqual([{ kind: "refused", id: clusterId("a"), version: "2", message: "no good" }]);
    expect(proxy.want([cluster("a", 3)])).toEqual(["cluster +a=3", "endpoints +a=1@3"]);
  });
});

describe("a refused response", () => {
  test("is halved until the culprit is alone, and everything else goes through", () => {
    const proxy = servingProxy();
    const names = ["a", "b", "c", "d"].map((name) => `t/${name}`);
    expect(proxy.want(names.map((name) => host(name, 1)))).toEqual(["virtualHost +t/a=1 +t/b=1 +t/c=1 +t/d=1"]);
    expect(proxy.nack("virtualHost")).toEqual(["virtualHost +t/a=1 +t/b=1"]);
    expect(proxy.ack("virtualHost")).toEqual(["virtualHost +t/c=1 +t/d=1"]);
    expect(proxy.want([host("t/e", 1)])).toEqual([]);
    expect(proxy.nack("virtualHost")).toEqual(["virtualHost +t/c=1"]);
    expect(proxy.nack("virtualHost")).toEqual(["virtualHost +t/d=1"]);
    expect(proxy.ack("virtualHost")).toEqual(["virtualHost +t/e=1"]);
    expect(proxy.ack("virtualHost")).toEqual([]);
    expect(proxy.troubles()).toEqual([{ kind: "refused", id: hostId("t/c"), version: "1", message: "no good" }]);
    expect(proxy.want([host("t/c", 2)])).toEqual(["virtualHost +t/c=2"]);
  });

  test("has one secret only, since Envoy acknowledges what it refused when it is sent again", () => {
    const proxy = servingProxy();
    const secret = (name: string): ResourceRecord => record({ kind: "secret", name }, 1);
    proxy.want([secret("s"), secret("t")]);
    expect(proxy.request("secret", { subscribe: ["s", "t"] })).toEqual(["secret +s=1"]);
    expect(proxy.nack("secret")).toEqual(["secret +t=1"]);
    expect(proxy.ack("secret")).toEqual([]);
    const id = { kind: "secret", name: "s" };
    expect(proxy.troubles()).toEqual([{ kind: "refused", id, version: "1", message: "no good" }]);
  });

  describe("of a secret that was good before", () => {
    const id: ResourceId = { kind: "secret", name: "s" };
    const version = (number: number): ResourceRecord => record(id, number);

    /** Has taken version 1 and refused version 2. */
    function refusingProxy(): ScriptedProxy {
      const proxy = servingProxy();
      proxy.want([version(1)]);
      proxy.request("secret", { subscribe: ["s"] });
      proxy.ack("secret");
      expect(proxy.want([version(2)])).toEqual(["secret +s=2"]);
      expect(proxy.nack("secret")).toEqual(["secret +s=1"]);
      return proxy;
    }

    test("is followed by the good version, since Envoy would give the refused one to later listeners", () => {
      const proxy = refusingProxy();
      expect(proxy.ack("secret")).toEqual([]);
      expect(proxy.troubles()).toEqual([{ kind: "refused", id, version: "2", message: "no good" }]);
      expect(proxy.want([version(2)])).toEqual([]);
      expect(proxy.want([version(3)])).toEqual(["secret +s=3"]);
    });

    test("does not become an acknowledged one because the good version is taken again", () => {
      const proxy = servingProxy();
      proxy.want([version(1)]);
      proxy.request("secret", { subscribe: ["s"] });
      proxy.ack("secret");
      proxy.want([version(2)]);
      const told = proxy.allFacts(() => {
        proxy.nack("secret");
        proxy.ack("secret");
      });
      expect(told).toEqual([{ kind: "refused", id, version: "2", message: "no good" }]);
    });

    test("is followed by the good version also where that is wanted again meanwhile", () => {
      const proxy = servingProxy();
      proxy.want([version(1)]);
      proxy.request("secret", { subscribe: ["s"] });
      proxy.ack("secret");
      proxy.want([version(2)]);
      expect(proxy.want([version(1)])).toEqual([]);
      expect(proxy.nack("secret")).toEqual(["secret +s=1"]);
      expect(proxy.ack("secret")).toEqual([]);
    });

    test("is the end of it when the good version is refused, too", () => {
      const proxy = refusingProxy();
      expect(proxy.nack("secret")).toEqual([]);
      expect(proxy.tell({ kind: "tick" })).toEqual([]);
      expect(proxy.session.progress()).toEqual({ underWay: 0, waiting: 0, pending: 0 });
      expect(proxy.want([version(3)])).toEqual(["secret +s=3"]);
    });

    test("is told to the next session, when the stream breaks before the good version is there", () => {
      expect(refusingProxy().session.doubts()).toEqual([id]);
    });
  });

  test("is tried again on demand in the same version", () => {
    const proxy = servingProxy();
    proxy.want([listener("u"), table("u")]);
    proxy.nack("listener");
    expect(proxy.tell({ kind: "retry", ids: [{ kind: "listener", name: "u" }] })).toEqual(["listener +u=1"]);
  });

  test("may have been taken in part, so what was in it goes again even if the old version is wanted again", () => {
    const proxy = servingProxy();
    proxy.want([host("t/x", 2), host("t/y", 1)]);
    proxy.want([host("t/x", 1, "a")], [hostId("t/y")]);
    expect(proxy.nack("virtualHost")).toEqual(["virtualHost +t/x=1"]);
    expect(proxy.ack("virtualHost")).toEqual(["virtualHost -t/y"]);
  });
});

describe("a proxy that reconnects", () => {
  const has = { cluster: { a: "1", old: "1" }, endpoints: { a: "1@1" }, virtualHost: { "t/x": "1", "t/gone": "1" } };

  function reconnected(): ScriptedProxy {
    const proxy = new ScriptedProxy();
    proxy.want([...backend("a"), listener("t"), table("t"), host("t/x", 1, "a"), host("t/new", 1, "a")]);
    return proxy;
  }

  test("is sent what differs; and a cluster that is wanted no more goes when all is known that could use it", () => {
    const proxy = reconnected();
    expect(proxy.request("cluster", { has: has.cluster })).toEqual([]);
    expect(proxy.request("endpoints", { subscribe: ["a"], has: has.endpoints })).toEqual([]);
    expect(proxy.request("listener", { has: { t: "1" } })).toEqual([]);
    expect(proxy.request("routeTable", { subscribe: ["t"], has: { t: "1" } })).toEqual([]);
    expect(proxy.request("virtualHost", { has: has.virtualHost })).toEqual(["virtualHost +t/new=1"]);
    expect(proxy.ack("virtualHost")).toEqual(["virtualHost -t/gone"]);
    expect(proxy.ack("virtualHost")).toEqual(["cluster -old"]);
  });

  test("is sent endpoints that it got before its cluster changed", () => {
    const proxy = reconnected();
    proxy.request("cluster", { has: { a: "1" } });
    expect(proxy.request("endpoints", { subscribe: ["a"], has: { a: "1@0" } })).toEqual(["endpoints +a=1@1"]);
  });
});

describe("a proxy that comes from another server", () => {
  const secret = (name: string, version: number): ResourceRecord => record({ kind: "secret", name }, version);
  const subscribe = ["a", "b"];

  function serverWith(version: number): ScriptedProxy {
    const proxy = new ScriptedProxy({ catchUpMs: 1_000 });
    proxy.want([secret("a", 1), secret("b", version)]);
    return proxy;
  }

  test("and has what this one does not know yet, is told nothing until it does", () => {
    const proxy = serverWith(1);
    expect(proxy.request("secret", { subscribe, has: { a: "1", b: "2" } })).toEqual([]);
    expect(proxy.session.deadline()).toBe(1_000);
    expect(proxy.want([secret("a", 2)])).toEqual([]);
    expect(proxy.want([secret("b", 2)])).toEqual(["secret +a=2"]);
    expect(proxy.session.deadline()).toBe(undefined);
  });

  test("is told all that came since, when what it has was passed over", () => {
    const proxy = serverWith(1);
    proxy.request("secret", { subscribe, has: { a: "1", b: "2" } });
    proxy.resources.apply({ upserts: [secret("b", 2)], removals: [] });
    expect(proxy.want([secret("b", 3)])).toEqual(["secret +b=3"]);
  });

  test("and has what nobody will ever know, is told what there is after a while", () => {
    const proxy = serverWith(1);
    proxy.request("secret", { subscribe, has: { b: "from long ago" } });
    proxy.now = 999;
    expect(proxy.tell({ kind: "tick" })).toEqual([]);
    proxy.now = 1_000;
    expect(proxy.tell({ kind: "tick" })).toEqual(["secret +a=1"]);
    expect(proxy.ack("secret")).toEqual(["secret +b=1"]);
    expect(proxy.session.deadline()).toBe(undefined);
  });

  test("and is behind, is told at once", () => {
    const proxy = serverWith(1);
    proxy.want([secret("b", 2)]);
    expect(proxy.request("secret", { subscribe, has: { a: "1", b: "1" } })).toEqual(["secret +b=2"]);
  });

  test("and has endpoints that were sent for clusters of other versions, is not ahead", () => {
    const proxy = new ScriptedProxy({ catchUpMs: 1_000 });
    proxy.want(backend("a"));
    proxy.request("cluster", { has: { a: "1" } });
    expect(proxy.request("endpoints", { subscribe: ["a"], has: { a: "1@0" } })).toEqual(["endpoints +a=1@1"]);
  });

  describe("and lacks what is wanted here", () => {
    const LONG_AFTER = 10_000;
    const everything = [...backend("a"), listener("t"), table("t"), host("t/x", 1), host("t/gone", 1)];

    function cameLater(proxy: ScriptedProxy): string[] {
      proxy.now = LONG_AFTER;
      return [
        ...proxy.request("cluster", { has: { a: "1" } }),
        ...proxy.request("endpoints", { subscribe: ["a"], has: { a: "1@1" } }),
        ...proxy.request("listener", { has: { t: "1" } }),
        ...proxy.request("routeTable", { subscribe: ["t"], has: { t: "1" } }),
        ...proxy.request("virtualHost", { has: { "t/x": "1" } }),
      ];
    }

    test("is told nothing until that is taken away here, too", () => {
      const proxy = new ScriptedProxy({ catchUpMs: 1_000 });
      proxy.want(everything);
      expect(cameLater(proxy)).toEqual([]);
      expect(proxy.session.deadline()).toBe(LONG_AFTER + 1_000);
      expect(proxy.want([], [{ kind: "virtualHost", name: "t/gone" }])).toEqual([]);
      expect(proxy.session.deadline()).toBe(undefined);
      expect(proxy.want([host("t/x", 2)])).toEqual(["virtualHost +t/x=2"]);
    });

    test("is given it after a while, when nobody takes it away", () => {
      const proxy = new ScriptedProxy({ catchUpMs: 1_000 });
      proxy.want(everything);
      cameLater(proxy);
      proxy.now += 1_000;
      expect(proxy.tell({ kind: "tick" })).toEqual(["virtualHost +t/gone=1"]);
    });

    test("is given it at once when it is new here", () => {
      const proxy = new ScriptedProxy({ catchUpMs: 1_000 });
      proxy.want(everything.filter((one) => one.name !== "t/gone"));
      proxy.now = LONG_AFTER - 500;
      proxy.want([host("t/gone", 1)]);
      expect(cameLater(proxy)).toEqual(["virtualHost +t/gone=1"]);
    });

    test("is given all there is when it has just started", () => {
      const proxy = new ScriptedProxy({ catchUpMs: 1_000 });
      proxy.want(everything);
      proxy.now = LONG_AFTER;
      expect(proxy.request("cluster")).toEqual(["cluster +a=1"]);
    });
  });

  test("is told at once where there is no other server", () => {
    const proxy = new ScriptedProxy();
    proxy.want([secret("a", 1)]);
    expect(proxy.request("secret", { subscribe: ["a"], has: { a: "2" } })).toEqual(["secret +a=1"]);
  });
});

describe("virtual hosts", () => {
  test("of a second table are pushed though nobody asks for them", () => {
    const proxy = servingProxy();
    expect(proxy.want([listener("u"), table("u"), host("u/y", 1)])).toEqual(["listener +u=1"]);
    expect(proxy.request("routeTable", { subscribe: ["u"] })).toEqual(["routeTable +u=1"]);
    expect(proxy.ack("routeTable")).toEqual(["virtualHost +u/y=1"]);
  });

  test("of a table that was dropped are taken from the list, and pushed again when it comes back", () => {
    const proxy = servingProxy();
    expect(proxy.request("routeTable", { unsubscribe: ["t"] })).toEqual(["virtualHost -t/x"]);
    proxy.ack("virtualHost");
    expect(proxy.request("routeTable", { subscribe: ["t"] })).toEqual(["routeTable +t=1"]);
    expect(proxy.ack("routeTable")).toEqual(["virtualHost +t/x=1"]);
  });

  test("of a table that has none yet go out together", () => {
    const proxy = servingProxy();
    proxy.want([listener("u"), table("u"), host("u/y", 1), host("u/z", 1, "b"), ...backend("b")]);
    proxy.request("routeTable", { subscribe: ["u"] });
    expect(proxy.ack("routeTable")).toEqual([]);
    proxy.ack("cluster");
    proxy.request("endpoints", { subscribe: ["b"] });
    expect(proxy.ack("endpoints")).toEqual(["virtualHost +u/z=1 +u/y=1"]);
  });
});

describe("a message", () => {
  test("holds no more than its limit; the rest follows", () => {
    const proxy = servingProxy({ maxMessageBytes: 3_000 });
    const hosts = ["a", "b", "c"].map((name) => record(hostId(`t/${name}`), 1, [], 800));
    expect(proxy.want(hosts)).toEqual(["virtualHost +t/a=1 +t/b=1"]);
    expect(proxy.ack("virtualHost")).toEqual(["virtualHost +t/c=1"]);
  });

  test("is not sent for a resource beyond the limit, whose last good version stays", () => {
    const proxy = servingProxy({ maxMessageBytes: 3_000 });
    expect(proxy.want([record(hostId("t/x"), 2, [], 3_000)])).toEqual([]);
    const [fact] = proxy.troubles();
    expect(fact).toMatchObject({ kind: "refused", id: hostId("t/x"), version: "2" });
    expect(proxy.want([host("t/x", 3)])).toEqual(["virtualHost +t/x=3"]);
  });

  test("is not sent for a resource that did not change", () => {
    const proxy = servingProxy();
    expect(proxy.want([...backend("a"), listener("t"), table("t"), host("t/x", 1, "a")])).toEqual([]);
  });

  test("is sent for a name that is asked for again, whatever is believed about it", () => {
    const proxy = servingProxy();
    expect(proxy.request("endpoints", { subscribe: ["a"] })).toEqual(["endpoints +a=1@1"]);
  });
});

describe("a listener", () => {
  test("is removed before another comes, which may take its address, and not before that one can", () => {
    const proxy = servingProxy();
    const heir = record({ kind: "listener", name: "u" }, 1, [clusterId("b")]);
    const removed: ResourceId = { kind: "listener", name: "t" };
    expect(proxy.want([heir, ...backend("b")], [removed])).toEqual(["cluster +b=1"]);
    proxy.ack("cluster");
    proxy.request("endpoints", { subscribe: ["b"] });
    expect(proxy.ack("endpoints")).toEqual(["listener -t"]);
    expect(proxy.ack("listener")).toEqual(["listener +u=1"]);
  });
});
