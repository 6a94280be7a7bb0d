/**
 * Virtual hosts as a real Envoy serves them: one static configuration with many hosts, asked at their boundaries. Hosts that
 * are long enough for a matching tree are compared with what the list of their entries says.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpEntry, HttpRule, PathModifier, Redirect, RuleFilters } from "../../src/model/index.ts";
import { startEchoServer } from "../support/echo-server.ts";
import type { EchoServer } from "../support/echo-server.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import {
  entryOf,
  forwardTo,
  httpModelOf,
  labelled,
  matchOf,
  mirrorTo,
  noFilters,
  ruleOf,
  weighted,
} from "../support/http-model.ts";
import { recordsOf } from "../support/model-records.ts";
import { plainRequest } from "../support/plain-request.ts";
import type { PlainAnswer } from "../support/plain-request.ts";
import { staticBootstrap } from "../support/static-bootstrap.ts";
import { startStaticEnvoy } from "../support/static-envoy.ts";
import type { StaticEnvoy } from "../support/static-envoy.ts";

const binary = envoyBinary();
const hosts: { domain: string; entries: readonly HttpEntry[] }[] = [];
const backends = new Map<string, EchoServer>();
let envoy: StaticEnvoy | undefined;
let port = 0;

/** Registers a host under a name that nobody else has, before Envoy starts. */
function host(domain: string, ...entries: readonly HttpEntry[]): string {
  hosts.push({ domain, entries });
  return domain;
}

const ask = async (
  domain: string,
  path: string,
  options: Parameters<typeof plainRequest>[3] = {},
): Promise<PlainAnswer> => await plainRequest(port, domain, path, options);

/** The label of the entry that a request came by, or the status where it came by none. */
async function labelOf(
  domain: string,
  path: string,
  options: Parameters<typeof plainRequest>[3] = {},
): Promise<unknown> {
  const { status, echoed } = await ask(domain, path, options);
  return echoed?.headers["x-entry"] ?? status;
}

const onAny = (rule: HttpRule, path = "/*"): HttpEntry => entryOf(matchOf(path), rule);
const filtered = (filters: Partial<RuleFilters>, ...names: readonly string[]): HttpRule =>
  ruleOf("filtered", forwardTo(...(names.length === 0 ? ["a"] : names).map((name) => weighted(name))), {
    filters: { ...noFilters, ...filters },
  });

beforeAll(async () => {
  if (binary === undefined) return;
  for (const name of ["a", "b", "c", "shadow"]) backends.set(name, await startEchoServer(name));
  [port = 0] = await freePorts(1);
  const servers = new Map([...backends].map(([name, server]) => [name, server.port]));
  envoy = await startStaticEnvoy(binary, staticBootstrap(recordsOf(httpModelOf(port, hosts, servers))));
});

afterAll(async () => {
  await envoy?.stop();
  await Promise.all([...backends.values()].map(async (server) => await server.stop()));
});

describe.skipIf(binary === undefined)("matching", () => {
  const precedence = [
    labelled("exact", "/a/b"),
    labelled("exact-slash", "/a/b/"),
    labelled("regex", "~/r[0-9]+/x"),
    labelled("long", "/a/b/c*"),
    labelled("header", "/a*", { headers: { tenant: "one" } }),
    labelled("query", "/a*", { query: { q: "1" } }),
    labelled("short", "/a*"),
    labelled("post", "/*", { method: "POST" }),
    labelled("root-header", "/*", { headers: { tenant: "~t.*" } }),
  ];
  const list = host("list.test", ...precedence);
  const tree = host(
    "tree.test",
    ...precedence.slice(0, 4),
    ...fill(40, (index) => labelled(`fill-${index}`, `/fill/${index}*`)),
    ...precedence.slice(4),
  );

  test.each([
    ["/a/b", {}, "exact"],
    ["/a/b?x=1", {}, "exact"],
    ["/a/b/", {}, "exact-slash"],
    ["/a/b//", {}, "short"],
    ["/a/b/c", {}, "long"],
    ["/a/b/c/d?e", {}, "long"],
    ["/a/b/cd", {}, "short"],
    ["/a/b/cd", { headers: { tenant: "one" } }, "header"],
    ["/a", { headers: { tenant: ["one", "two"] } }, "short"],
    ["/a?q=1", {}, "query"],
    ["/a?x=2&q=1&q=2", {}, "query"],
    ["/a?q=2&q=1", {}, "short"],
    ["/a?qq=1", {}, "short"],
    ["/a?Q=1", {}, "short"],
    ["/a?q=1x", {}, "short"],
    ["/a?q=1", { headers: { tenant: "one" } }, "header"],
    ["/a/", {}, "short"],
    ["/ab", {}, 404],
    ["/A", {}, 404],
    ["/ab", { method: "POST" }, "post"],
    ["/ab", { headers: { tenant: "two" } }, "root-header"],
    ["/ab", { headers: { tenant: "xtwo" } }, 404],
    ["/r12/x", {}, "regex"],
    ["/r12/x?y", {}, "regex"],
    ["/r12/x/", {}, 404],
    ["/r12?/x", {}, 404],
    ["/z/../a/./b", {}, "exact"],
    ["/a%2Fb", {}, 404],
    ["/%61", {}, "short"],
    ["/a/b", { headers: { "x-trilith-route-path": "/a/b/c/" } }, "exact"],
  ] as const)("%s with %j comes by %s, in a list and in a tree", async (path, options, expected) => {
    const both = [await labelOf(list, path, options), await labelOf(tree, path, options)];
    expect(both).toEqual([expected, expected]);
  });

  test("the header that paths are looked up by does not reach backends", async () => {
    const { echoed } = await ask(tree, "/a");
    expect(Object.keys(echoed?.headers ?? {})).not.toContain("x-trilith-route-path");
  });
});

describe.skipIf(binary === undefined)("random hosts", () => {
  const seed = Number(process.env["TRILITH_RANDOM_SEED"] ?? 1);
  const samples = randomHosts();

  test.each(samples)("$domain answers as the list of its entries says", async ({ domain, entries, requests }) => {
    const answers = await Promise.all(
      requests.map(async ({ path, method, headers }) => await labelOf(domain, path, { method, headers })),
    );
    const expected = requests.map(
      (request) => entries.find(({ match }) => isMatch(match, request))?.rule.origin.name ?? 404,
    );
    const differing = requests.flatMap((request, index) =>
      answers[index] === expected[index] ? [] : [{ ...request, answer: answers[index], expected: expected[index] }],
    );
    expect(differing).toEqual([]);
  });

  function randomHosts(): { domain: string; entries: readonly HttpEntry[]; requests: readonly RandomRequest[] }[] {
    return fill(Number(process.env["TRILITH_RANDOM_HOSTS"] ?? 60), (index) => {
      const random = randomOf(seed + index);
      const entries = randomEntries(random, 14 + random(80));
      return {
        domain: host(`random-${index}.test`, ...entries),
        entries,
        requests: fill(60, () => randomRequest(random)),
      };
    });
  }
});

describe.skipIf(binary === undefined)("path rewrites", () => {
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

describe.skipIf(binary === undefined)("redirects", () => {
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

describe.skipIf(binary === undefined)("weights", () => {
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
  ])("%s spreads its requests as %j, within three sigma", async (domain, shares) => {
    const counts = await countsOf(domain);
    expect(Object.keys(counts).sort()).toEqual(Object.keys(shares).sort());
    for (const [key, share] of Object.entries(shares)) {
      expect(Math.abs((counts[key] ?? 0) - share * COUNT), key).toBeLessThan(
        3 * Math.sqrt(COUNT * share * (1 - share)),
      );
    }
  });
});

describe.skipIf(binary === undefined)("filters", () => {
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

interface RandomRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Random = (below: number) => number;

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pick = <T>(random: Random, values: readonly [T, ...T[]]): T => values[random(values.length)] ?? values[0];

function randomPath(random: Random): string {
  const elements = fill(random(4), () => pick(random, ["a", "b", "ab", "a.b", "x1"]));
  return `/${elements.join("/")}${elements.length > 0 && random(6) === 0 ? "/" : ""}`;
}

/** In the order of the Gateway API, or, to be harder, in any order. */
function randomEntries(random: Random, count: number): readonly HttpEntry[] {
  const entries = fill(count, (index) => randomEntry(random, index));
  return random(2) === 0 ? entries : entries.sort((a, b) => rankOf(a) - rankOf(b));
}

const rankOf = ({ match: { path, method, headers, queryParams } }: HttpEntry): number =>
  ["Exact", "RegularExpression", "PathPrefix"].indexOf(path.type) * 1e6 -
  path.value.length * 1e3 -
  (method === undefined ? 0 : 100) -
  headers.length * 10 -
  queryParams.length;

function randomEntry(random: Random, index: number): HttpEntry {
  const path = randomPath(random).replace(/(.)\/$/, "$1");
  const expressions = [path.replaceAll(".", "\\."), `${path}.*`, ".*b", "/[ab]+/.*", "/a?b", "/(a|x1)/?.*"] as const;
  const kind = random(8);
  const text = kind < 3 ? path : kind < 7 ? `${path}*` : `~${pick(random, expressions)}`;
  const everything = text === "/*";
  return labelled(`e${index}`, text, {
    ...(random(4) === 0 ? { method: pick(random, ["GET", "POST"]) } : {}),
    ...(everything || random(2) === 0 ? { headers: randomValues(random, "h") } : {}),
    ...(random(5) === 0 ? { query: randomValues(random, "q") } : {}),
  });
}

function randomValues(random: Random, prefix: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    fill(1 + random(2), () => [`${prefix}${random(2)}`, pick(random, ["1", "2", "3", "12", "~1.*", "~[23]"])]),
  );
}

function randomRequest(random: Random): RandomRequest {
  const headers = Object.fromEntries(
    fill(random(3), () => [`h${random(2)}`, pick(random, ["1", "2", "3", "12", "4"])]),
  );
  const query = fill(
    random(4),
    () => `${pick(random, ["q0", "q1", "q", "q00"])}=${pick(random, ["1", "2", "3", "12", ""])}`,
  ).join("&");
  return {
    path: query === "" ? randomPath(random) : `${randomPath(random)}?${query}`,
    method: pick(random, ["GET", "POST"]),
    headers,
  };
}

/** What the entries say, in the plainest words. */
function isMatch({ path, method, headers, queryParams }: HttpEntry["match"], request: RandomRequest): boolean {
  const [asked = "", query = ""] = request.path.split("?");
  const whole = (expression: string, text: string): boolean => new RegExp(`^(?:${expression})$`).test(text);
  const isValue = ({ type, value }: { type: string; value: string }, given: string | undefined): boolean =>
    given !== undefined && (type === "Exact" ? given === value : whole(value, given));
  const first = (name: string): string | undefined =>
    query
      .split("&")
      .map((one) => one.split("="))
      .find(([given]) => given === name)?.[1];
  const isPath = {
    Exact: () => asked === path.value,
    PathPrefix: () => path.value === "/" || asked === path.value || asked.startsWith(`${path.value}/`),
    RegularExpression: () => whole(path.value, asked),
  }[path.type];
  return (
    isPath() &&
    (method === undefined || method === request.method) &&
    headers.every((match) => isValue(match, request.headers[match.name])) &&
    queryParams.every((match) => isValue(match, first(match.name)))
  );
}

function fill<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
