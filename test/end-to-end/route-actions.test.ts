/** What routes do with requests in a real Envoy: rewrites, redirects, shares, filters, timeouts and retries. */
import { describe, expect, test } from "vitest";
import type { Cors, ExternalAuth, PathModifier, Redirect, RuleFilters } from "../../src/model/index.ts";
import { backendKey, forwardTo, mirrorTo, noFilters, ruleOf, weighted } from "../support/http-model.ts";
import type { PlainAnswer } from "../support/plain-request.ts";
import { filtered, onAny, serveHosts } from "../support/served-hosts.ts";

const { missing, host, ask, backends } = serveHosts("a", "b", "c", "shadow", "half", "guard");

describe.skipIf(missing)("path rewrites", () => {
  const cases: [string, PathModifier, string, string][] = [
    ["/foo*", { type: "ReplacePrefixMatch", value: "/xyz" }, "/foo/bar", "/xyz/bar"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/xyz/" }, "/foo/bar", "/xyz/bar"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/xyz" }, "/foo", "/xyz"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/xyz" }, "/foo/", "/xyz/"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "" }, "/foo/bar", "/bar"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "" }, "/foo/", "/"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "" }, "/foo", "/"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/" }, "/foo/", "/"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/" }, "/foo", "/"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/" }, "/foo/bar?a=/foo", "/bar?a=/foo"],
    ["/f.o*", { type: "ReplacePrefixMatch", value: "/" }, "/f.o/f.o/x", "/f.o/x"],
    ["/foo*", { type: "ReplacePrefixMatch", value: "/xyz" }, "/foo/foo?q", "/xyz/foo?q"],
    ["/*", { type: "ReplacePrefixMatch", value: "/xyz" }, "/foo", "/xyz/foo"],
    ["/*", { type: "ReplacePrefixMatch", value: "/xyz/" }, "/foo/bar?q", "/xyz/foo/bar?q"],
    ["/*", { type: "ReplacePrefixMatch", value: "/" }, "/foo", "/foo"],
    ["/*", { type: "ReplaceFullPath", value: "/one" }, "/foo/bar?q=1", "/one?q=1"],
    ["/foo*", { type: "ReplaceFullPath", value: "/a\\1b%20" }, "/foo/bar", "/a\\1b%20"],
    ["/foo", { type: "ReplaceFullPath", value: "/one" }, "/foo?q", "/one?q"],
    ["~/f.*", { type: "ReplaceFullPath", value: "/one" }, "/foo?q", "/one?q"],
    ["/foo", { type: "ReplacePrefixMatch", value: "/" }, "/foo", "/"],
  ];
  const sent = cases.map(([path, modifier], index) =>
    host(`rewrite-${index}.test`, onAny(filtered({ rewrite: { path: modifier } }), path)),
  );
  const redirected = cases.map(([path, modifier], index) =>
    host(
      `redirect-path-${index}.test`,
      onAny(ruleOf("redirect", { kind: "redirect", redirect: { status: 302, path: modifier } }), path),
    ),
  );

  test.each(cases.map((one, index) => [...one, index] as const))(
    "%s with %j makes %s to %s",
    async (_path, _modifier, asked, expected, index) => {
      expect((await ask(sent[index] ?? "", asked)).echoed?.path).toBe(expected);
      expect((await ask(redirected[index] ?? "", asked)).headers.location).toBe(
        `http://redirect-path-${index}.test${expected}`,
      );
    },
  );

  const name = host("host-rewrite.test", onAny(filtered({ rewrite: { hostname: "other.test" } })));
  test("a rewritten hostname is what the backend sees", async () => {
    expect((await ask(name, "/")).echoed?.headers.host).toBe("other.test");
  });
});

describe.skipIf(missing)("redirects", () => {
  const cases: [string, Redirect, string, number, string][] = [
    ["plain", { status: 301 }, "", 301, "http://plain.test/p?q=1"],
    ["plain-port", { status: 302 }, ":8080", 302, "http://plain-port.test/p?q=1"],
    ["https", { status: 303, scheme: "https" }, ":8080", 303, "https://https.test/p?q=1"],
    ["to-port", { status: 307, port: 8443 }, ":80", 307, "http://to-port.test:8443/p?q=1"],
    ["to-443", { status: 308, port: 443 }, "", 308, "http://to-443.test:443/p?q=1"],
    ["https-443", { status: 302, scheme: "https", port: 443 }, "", 302, "https://https-443.test/p?q=1"],
    ["https-80", { status: 302, scheme: "https", port: 80 }, "", 302, "https://https-80.test:80/p?q=1"],
    ["to-host", { status: 302, hostname: "example.org" }, ":8080", 302, "http://example.org/p?q=1"],
    [
      "to-all",
      { status: 302, hostname: "example.org", scheme: "https", port: 444 },
      "",
      302,
      "https://example.org:444/p?q=1",
    ],
  ];
  for (const [name, redirect] of cases) host(`${name}.test`, onAny(ruleOf("redirect", { kind: "redirect", redirect })));
  host("*.wild.test", onAny(ruleOf("redirect", { kind: "redirect", redirect: { status: 302, scheme: "https" } })));

  test.each(cases)("%s with %j", async (name, _redirect, suffix, status, location) => {
    const answer = await ask(`${name}.test${suffix}`, "/p?q=1");
    expect({ status: answer.status, location: answer.headers.location }).toEqual({ status, location });
  });

  test("a host of many names keeps the name that was asked for, and names a port only where another was given", async () => {
    expect((await ask("a.wild.test", "/")).headers.location).toBe("https://a.wild.test/");
    expect((await ask("a.wild.test:80", "/")).headers.location).toBe("https://a.wild.test:443/");
    expect((await ask("a.wild.test:8080", "/")).headers.location).toBe("https://a.wild.test:443/");
  });
});

describe.skipIf(missing)("weights", () => {
  const header = (value: string): Partial<RuleFilters> => ({
    requestHeaders: { set: [{ name: "x-of", value }], add: [], remove: [] },
  });
  const alike = host(
    "alike.test",
    onAny(ruleOf("alike", forwardTo(weighted("a", 60, header("a")), weighted("b", 30), weighted("c", 10)))),
  );
  const path = (value: string): Partial<RuleFilters> => ({ rewrite: { path: { type: "ReplaceFullPath", value } } });
  const split = host(
    "split.test",
    onAny(
      ruleOf("split", {
        kind: "forward",
        backends: [
          weighted("a", 5, path("/in-a")),
          weighted("b", 2, path("/in-b")),
          { weight: 2, target: { kind: "respond", status: 500 }, filters: noFilters },
          {
            weight: 1,
            target: { kind: "redirect", redirect: { status: 302, hostname: "else.test" } },
            filters: noFilters,
          },
        ],
      }),
    ),
  );
  const COUNT = 2000;

  async function countsOf(domain: string): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (let done = 0; done < COUNT; done += 50) {
      const answers = await Promise.all(fill(50, async () => await ask(domain, "/")));
      for (const { status, echoed } of answers) {
        const key =
          echoed === undefined
            ? String(status)
            : `${echoed.backend} ${echoed.path} ${String(echoed.headers["x-of"] ?? "-")}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
    }
    return counts;
  }

  test.each([
    [alike, { "a / a": 0.6, "b / -": 0.3, "c / -": 0.1 }],
    [split, { "a /in-a -": 0.5, "b /in-b -": 0.2, "500": 0.2, "302": 0.1 }],
  ])("%s spreads its requests as %j, within three sigma", { retry: 2 }, async (domain, shares) => {
    const counts = await countsOf(domain);
    expect(Object.keys(counts).sort()).toEqual(Object.keys(shares).sort());
    for (const [key, share] of Object.entries(shares)) {
      expect(Math.abs((counts[key] ?? 0) - share * COUNT), key).toBeLessThan(
        3 * Math.sqrt(COUNT * share * (1 - share)),
      );
    }
  });
});

describe.skipIf(missing)("mirrors of a share", () => {
  const mirroring = (of: string): Partial<RuleFilters> => ({
    mirrors: [mirrorTo("half", 1, 2)],
    rewrite: { path: { type: "ReplaceFullPath", value: `/of-${of}` } },
  });
  const shares = host(
    "mirrored-shares.test",
    onAny(ruleOf("shares", forwardTo(weighted("a", 1, mirroring("a")), weighted("b", 3, mirroring("b"))))),
  );

  test("copy their part of each backend's requests", async () => {
    const COUNT = 1600;
    const answers: PlainAnswer[] = [];
    while (answers.length < COUNT) answers.push(...(await Promise.all(fill(50, async () => await ask(shares, "/")))));
    for (const path of ["/of-a", "/of-b"]) {
      const sent = answers.filter(({ echoed }) => echoed?.path === path).length;
      const near = expect.poll(() =>
        Math.abs((backends.get("half")?.requests ?? []).filter((one) => one.path === path).length - sent / 2),
      );
      await near.toBeLessThan(5 * Math.sqrt(sent / 4));
    }
  });
});

describe.skipIf(missing)("filters", () => {
  const modify = host(
    "modify.test",
    onAny(
      ruleOf(
        "modify",
        forwardTo(
          weighted("a", 1, {
            requestHeaders: {
              set: [{ name: "x-a", value: "backend" }],
              add: [{ name: "x-b", value: "2" }],
              remove: [],
            },
          }),
        ),
        {
          filters: {
            ...noFilters,
            requestHeaders: {
              set: [{ name: "x-a", value: "rule" }],
              add: [
                { name: "x-b", value: "1" },
                { name: "x-p", value: "100%REQ(x)%" },
              ],
              remove: ["x-gone"],
            },
            responseHeaders: { set: [{ name: "x-backend", value: "hidden" }], add: [], remove: ["content-type"] },
          },
        },
      ),
    ),
  );
  test("header modifiers of the rule apply before those of the backend", async () => {
    const { headers, echoed } = await ask(modify, "/", { headers: { "x-a": "client", "x-b": "0", "x-gone": "x" } });
    const { "x-a": a, "x-b": b, "x-gone": gone, "x-p": p } = echoed?.headers ?? {};
    expect({ a, b, gone, p }).toEqual({ a: "backend", b: "0, 1, 2", gone: undefined, p: "100%REQ(x)%" });
    expect([headers["x-backend"], headers["content-type"]]).toEqual(["hidden", undefined]);
  });

  const mirrored = host("mirror.test", onAny(filtered({ mirrors: [mirrorTo("shadow", 1, 1), mirrorTo("b", 0, 100)] })));
  test("a mirrored request reaches the other backend as it was", async () => {
    await ask(mirrored, "/mirrored");
    await expect
      .poll(() => backends.get("shadow")?.requests.map(({ path, headers }) => [path, headers.host]))
      .toEqual([["/mirrored", "mirror.test"]]);
  });

  const slow = host("slow.test", onAny(ruleOf("slow", forwardTo(weighted("a")), { requestTimeoutMs: 300 })));
  const slowTry = host(
    "slow-try.test",
    onAny(ruleOf("slow-try", forwardTo(weighted("a")), { backendRequestTimeoutMs: 300 })),
  );
  test("a request that takes longer than its rule allows is answered 504", async () => {
    expect((await ask(slow, "/?delay=900")).status).toBe(504);
    expect((await ask(slowTry, "/?delay=900")).status).toBe(504);
    expect((await ask(slow, "/?delay=20")).status).toBe(200);
  });

  const retried = host(
    "retry.test",
    onAny(ruleOf("retry", forwardTo(weighted("c")), { retry: { attempts: 2, codes: [503], backoffMs: 1 } })),
  );
  const never = host(
    "never.test",
    onAny(ruleOf("never", forwardTo(weighted("c")), { retry: { attempts: 0, codes: [503] } })),
  );
  test("listed codes are tried again, as often as stated", async () => {
    expect((await ask(retried, "/retried?status=503")).status).toBe(503);
    expect((await ask(retried, "/other?status=500")).status).toBe(500);
    expect((await ask(never, "/never?status=503")).status).toBe(503);
    const paths = backends
      .get("c")
      ?.requests.map(({ path }) => path.split("?")[0])
      .filter((path) => path !== "/");
    expect(paths).toEqual(["/retried", "/retried", "/retried", "/other", "/never"]);
  });
});

describe.skipIf(missing)("filters that routes enable", () => {
  const cors: Cors = {
    allowOrigins: ["https://www.foo.com", "https://*.bar.com"],
    allowCredentials: true,
    allowMethods: ["GET", "OPTIONS"],
    allowHeaders: ["*"],
    exposeHeaders: ["x-e"],
    maxAgeSeconds: 3600,
  };
  const shared = host("cors.test", onAny(filtered({ cors })));
  const corsOf = ({ status, headers }: PlainAnswer): unknown => ({
    status,
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-control-"))),
  });

  test.each(["https://www.foo.com", "https://x.y.bar.com"])(
    "a preflight from %s is answered without the backend",
    async (origin) => {
      const headers = { origin, "access-control-request-method": "GET", "access-control-request-headers": "x-1, x-2" };
      expect(corsOf(await ask(shared, "/", { method: "OPTIONS", headers }))).toEqual({
        status: 200,
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET,OPTIONS",
        "access-control-allow-headers": "x-1, x-2",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-e",
        "access-control-max-age": "3600",
      });
    },
  );

  test.each(["https://bar.com", "http://x.bar.com", "https://x.bar.com:8443", "https://evil.com/.bar.com"])(
    "%s is no allowed origin",
    async (origin) => {
      expect(corsOf(await ask(shared, "/", { headers: { origin } }))).toEqual({ status: 200 });
    },
  );

  const persistent = { sessionPersistence: { type: "Cookie", name: "pin", path: "/", maxAgeMs: 60_000 } } as const;
  const single = host("session.test", onAny(ruleOf("session", forwardTo(weighted("a")), persistent)));
  const byHeader = host(
    "header-session.test",
    onAny(ruleOf("session", forwardTo(weighted("a")), { sessionPersistence: { type: "Header", name: "x-pin" } })),
  );
  test("a session may be kept in a header", async () => {
    const pin = (await ask(byHeader, "/")).headers["x-pin"];
    expect(pin).toBeTypeOf("string");
    expect((await ask(byHeader, "/", { headers: { "x-pin": String(pin) } })).headers["x-pin"]).toBeUndefined();
  });

  const several = host("sessions.test", onAny(ruleOf("sessions", forwardTo(weighted("a"), weighted("b")), persistent)));
  test("a session's cookie is set once, and each backend of a rule has its own", async () => {
    const [cookie = ""] = (await ask(single, "/")).headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^pin="[^"]+"; Max-Age=60; Path=\/; (SameSite=Strict; )?HttpOnly/);
    const again = await ask(single, "/", { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(again.headers["set-cookie"]).toBeUndefined();
    const names = new Set<string>();
    const seen = async (): Promise<string[]> => {
      const answer = await ask(several, "/");
      names.add((answer.headers["set-cookie"]?.[0] ?? "").split("=")[0] ?? "");
      return [...names].sort();
    };
    await expect.poll(seen).toEqual(["pin-Service.2ftest.2fa.2f80", "pin-Service.2ftest.2fb.2f80"]);
  });

  const auth: ExternalAuth = {
    protocol: "HTTP",
    backend: backendKey("guard"),
    pathPrefix: "/check",
    allowedRequestHeaders: ["x-user"],
    allowedResponseHeaders: [],
    maxBodyBytes: 0,
  };
  const guarded = host("auth.test", onAny(filtered({ externalAuth: auth })));
  const guardedByGrpc = host(
    "grpc-auth.test",
    onAny(filtered({ externalAuth: { ...auth, protocol: "GRPC", maxBodyBytes: 1024 } })),
  );
  const { backend: _, ...unresolved } = auth;
  const broken = host("broken-auth.test", onAny(filtered({ externalAuth: unresolved })));
  test("a guarded request is asked about first, with the headers that the filter names", async () => {
    const { status, echoed } = await ask(guarded, "/secret?status=200", {
      headers: { "x-user": "me", "x-other": "not" },
    });
    expect([status, echoed?.backend, echoed?.headers["x-backend"]]).toEqual([200, "a", "guard"]);
    const asked = backends.get("guard")?.requests.at(-1);
    expect((await ask(guarded, "/anonymous")).status).toBe(200);
    expect(Object.keys(backends.get("guard")?.requests.at(-1)?.headers ?? {})).not.toContain("x-user");
    expect([asked?.path, asked?.headers["x-user"], asked?.headers["x-other"]]).toEqual([
      "/check/secret?status=200",
      "me",
      undefined,
    ]);
    expect((await ask(guarded, "/secret?status=403")).status).toBe(403);
    expect((await ask(broken, "/")).status).toBe(500);
    // The service does not speak gRPC, so it cannot agree.
    expect((await ask(guardedByGrpc, "/")).status).toBe(403);
  });

  const named = host(
    "named-auth.test",
    onAny(
      filtered({
        externalAuth: {
          ...auth,
          pathPrefix: "check",
          allowedRequestHeaders: ["host", "authorization", "content-length", "transfer-encoding", "connection", "te"],
        },
      }),
    ),
  );
  test("a service is sent once what is always sent, and its path begins with a slash, however the filter states it", async () => {
    const headers = { authorization: "Bearer x", "transfer-encoding": "chunked", te: "trailers" };
    expect((await ask(named, "/secret", { method: "POST", headers })).status).toBe(200);
    const asked = backends.get("guard")?.requests.at(-1);
    expect([asked?.method, asked?.path, asked?.headers.host, asked?.headers.authorization]).toEqual([
      "POST",
      "/check/secret",
      "named-auth.test",
      "Bearer x",
    ]);
    expect((await ask(named, "/again", { headers: { authorization: "Bearer y" } })).status).toBe(200);
  });
});

describe.skipIf(missing)("authorization in several places", () => {
  const auth = (by: string): ExternalAuth => ({
    protocol: "HTTP",
    backend: backendKey(by),
    pathPrefix: `/by-${by}`,
    allowedRequestHeaders: [],
    allowedResponseHeaders: [],
    maxBodyBytes: 0,
  });
  const twice = host(
    "auth-twice.test",
    onAny(
      ruleOf("twice", forwardTo(weighted("a", 1, { externalAuth: auth("c") })), {
        filters: { mirrors: [], externalAuth: auth("guard") },
      }),
    ),
  );
  const redirect = ruleOf("moved", { kind: "redirect", redirect: { status: 302, hostname: "else.test" } });
  const moved = host(
    "auth-redirect.test",
    onAny({ ...redirect, filters: { mirrors: [], externalAuth: auth("guard") } }),
  );

  test("a rule's service and then a backend's must agree", async () => {
    const answer = await ask(twice, "/both?status=200");
    expect([answer.status, answer.echoed?.backend]).toEqual([200, "a"]);
    const last = (name: string): string | undefined => backends.get(name)?.requests.at(-1)?.path;
    expect([last("guard"), last("c")]).toEqual(["/by-guard/both?status=200", "/by-c/both?status=200"]);
    expect((await ask(twice, "/none?status=403")).status).toBe(403);
    expect([last("guard"), last("c")]).toEqual(["/by-guard/none?status=403", "/by-c/both?status=200"]);
  });

  test("a redirect is guarded, too", async () => {
    expect((await ask(moved, "/?status=200")).status).toBe(302);
    expect((await ask(moved, "/?status=403")).status).toBe(403);
  });
});

describe.skipIf(missing)("hosts that serve nothing", () => {
  const empty = host("empty.test");
  const grpc = host("grpc.test", onAny(ruleOf("grpc", { kind: "respond", status: 500 }, { grpc: true })));
  test("a host without entries answers 404, a gRPC rule without backends UNAVAILABLE", async () => {
    expect((await ask(empty, "/")).status).toBe(404);
    const answer = await ask(grpc, "/a.B/C", { method: "POST", headers: { "content-type": "application/grpc" } });
    expect(answer.headers["grpc-status"]).toBe("14");
  });
});

function fill<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
