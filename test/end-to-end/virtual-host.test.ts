/**
 * How requests find their entry in a real Envoy, at the boundaries of matches, and in random hosts that are long enough for a
 * matching tree, compared with what the list of their entries says.
 */
import { describe, expect, test } from "vitest";
import type { HttpEntry } from "../../src/model/index.ts";
import { labelled } from "../support/http-model.ts";
import { serveHosts } from "../support/served-hosts.ts";
import type { RequestOptions } from "../support/served-hosts.ts";

const { missing, host, ask, labelOf } = serveHosts("a");

describe.skipIf(missing)("matching", () => {
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

  const requests: [string, RequestOptions, unknown][] = [
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
  ];
  test.each(requests)("%s with %j comes by %s, in a list and in a tree", async (path, options, expected) => {
    const both = [await labelOf(list, path, options), await labelOf(tree, path, options)];
    expect(both).toEqual([expected, expected]);
  });

  test("the header that paths are looked up by does not reach backends", async () => {
    const { echoed } = await ask(tree, "/a");
    expect(Object.keys(echoed?.headers ?? {})).not.toContain("x-trilith-route-path");
  });
});

describe.skipIf(missing)("random hosts", () => {
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
  const one = random(3) === 0 ? manyValuesEntry : randomEntry;
  const entries = fill(count, (index) => one(random, index));
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

/** On few paths, told apart by the values of a header or a parameter. */
function manyValuesEntry(random: Random, index: number): HttpEntry {
  const kind = random(6);
  return labelled(`e${index}`, pick(random, ["/*", "/a*", "/a/b*", "/a", "~/a?b?"]), {
    ...(kind === 0 ? { method: "POST" } : {}),
    ...(kind < 3 ? { headers: { h0: String(random(40)) } } : {}),
    ...(kind > 1 ? { query: { q0: random(12) === 0 ? `~${random(4)}.*` : manyValues(random) } } : {}),
  });
}

const manyValues = (random: Random): string =>
  pick(random, ["", "-", "a", "a.", "a.b", "(", "%2B"]) + String(random(30));

function randomValues(random: Random, prefix: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    fill(1 + random(2), () => [`${prefix}${random(2)}`, pick(random, ["1", "2", "3", "12", "~1.*", "~[23]"])]),
  );
}

function randomRequest(random: Random): RandomRequest {
  const headers = Object.fromEntries(
    fill(random(3), () => [`h${random(2)}`, pick(random, ["1", "2", "3", "12", "4", String(random(40))])]),
  );
  const query = fill(
    random(4),
    () => `${pick(random, ["q0", "q1", "q", "q00"])}=${pick(random, ["1", "2", "3", "12", "", manyValues(random)])}`,
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
