/**
 * Values that the API allows and Envoy refuses, in a route of the same host as a route that is right: none of them may reach
 * Envoy, where it would hold up everything that is stated for the host.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UNICODE_GROUPS } from "../../src/translate/http/unicode-groups.ts";
import { startHttpBackend } from "../backends/index.ts";
import type { Backend } from "../backends/index.ts";
import { envoyBinary } from "../support/envoy-binary.ts";
import { freePorts } from "../support/free-ports.ts";
import { gateway, route, service, to, under } from "../support/manifests.ts";
import type { Manifest } from "../support/manifests.ts";
import { plainRequest } from "../support/plain-request.ts";
import { ServedDirectory } from "../support/served-directory.ts";

const removing = (type: "Request" | "Response", name: string): object => ({
  type: `${type}HeaderModifier`,
  [`${type.toLowerCase()}HeaderModifier`]: { remove: [name] },
});
const filtered = (filter: object): object => ({ filters: [filter], backendRefs: [to("one")] });
const ofBackend = (filter: object): object => ({ backendRefs: [{ ...to("one"), filters: [filter] }, to("one")] });
const rewrite = (path: object): object => filtered({ type: "URLRewrite", urlRewrite: { path } });
const redirect = (path: object): object => ({ filters: [{ type: "RequestRedirect", requestRedirect: { path } }] });
const full = (value: string): object => ({ type: "ReplaceFullPath", replaceFullPath: value });
const prefix = (value: string): object => ({ type: "ReplacePrefixMatch", replacePrefixMatch: value });
const matching = (match: object): object => ({ matches: [match], backendRefs: [to("one")] });

const rules: Readonly<Record<string, object>> = {
  "a pseudo header taken from requests": filtered(removing("Request", ":path")),
  "a pseudo header taken from one backend's requests": ofBackend(removing("Request", ":authority")),
  "a pseudo header taken from responses": filtered(removing("Response", ":status")),
  "a header without a name": filtered(removing("Request", "")),
  "a header with a line break in its name": filtered(removing("Response", "x\ny")),
  "a carriage return in a header's name": filtered(removing("Request", "x\ry")),
  "a NUL in a header's name": filtered(removing("Request", "x\0y")),
  "a line break in a rewritten path": rewrite(full("/a\nb")),
  "a carriage return in a rewritten prefix": { ...rewrite(prefix("/a\rb")), matches: [under("/one")] },
  "a NUL in a redirect's path": redirect(full("/a\0b")),
  "a line break in a redirect's prefix": { ...redirect(prefix("/a\nb")), matches: [under("/one")] },
  "an empty regular expression": matching({ path: { type: "RegularExpression", value: "" } }),
  "a code point that is no byte": matching({ path: { type: "RegularExpression", value: "/\\x{100}" } }),
  "a script that is new": matching({ path: { type: "RegularExpression", value: "/\\p{Garay}" } }),
  "a property of characters": matching({ path: { type: "RegularExpression", value: "/[\\P{Emoji}]" } }),
};

const unreadable = new Set([
  "an empty regular expression",
  "a code point that is no byte",
  "a script that is new",
  "a property of characters",
]);

/** Envoy takes these; its process would end at the first request. */
const auth = (http: object): object =>
  filtered({ type: "ExternalAuth", externalAuth: { backendRef: to("guard"), protocol: "HTTP", http } });
const guarded: Readonly<Record<string, object>> = {
  "an authorization service with a path without a slash": auth({ path: "check" }),
  "an authorization service that is sent the host": auth({ allowedHeaders: ["Host"] }),
  "an authorization service that is sent a pseudo header": auth({ allowedHeaders: [":path"] }),
  "an authorization service that is sent a header without a name": auth({ allowedHeaders: [""] }),
  "an authorization service that is sent what no header is called": auth({ allowedHeaders: ["a)%b"] }),
};

const checkedBy = (service: string, ...others: readonly object[]): object => ({
  filters: [...others, { type: "ExternalAuth", externalAuth: { backendRef: to(service), protocol: "HTTP", http: {} } }],
  backendRefs: [to("one")],
});

describe.skipIf(envoyBinary() === undefined)("values that Envoy does not take", () => {
  let served: ServedDirectory;
  let one: Backend;
  let guard: Backend;
  let port = 0;
  const answerOf = async (path: string): Promise<number> => (await plainRequest(port, "shop.test", path)).status;
  const good = (path: string): Manifest =>
    route({
      name: "good",
      parent: "edge",
      hostnames: ["shop.test"],
      rules: [{ matches: [under(path)], backendRefs: [to("one")] }],
    });

  beforeAll(async () => {
    served = await ServedDirectory.create();
    [port = 0] = await freePorts(1);
    one = await startHttpBackend({ name: "one" });
    guard = await startHttpBackend({ name: "guard" });
    served.write("gateway.yaml", [
      gateway("edge", [{ name: "http", port }]),
      ...service("one", [one.port]),
      ...service("guard", [guard.port]),
    ]);
    await served.start();
  }, 60_000);
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]();
    await Promise.all([one?.close(), guard?.close()]);
  });

  test.each(Object.entries(rules))("%s leaves its rule out, and the rest of the host goes on", async (name, rule) => {
    const path = `/${crypto.randomUUID()}`;
    const bad = route({ name: "bad", parent: "edge", hostnames: ["shop.test"], rules: [rule] });
    served.write("shop.yaml", [bad, good(path)]);
    await served.until("the good route of the same edit", async () => (await answerOf(path)) === 200);
    // What matches is refused; nobody can tell what a match that cannot be read would take.
    expect(await answerOf("/one/of/the/rule")).toBe(unreadable.has(name) ? 404 : 500);
    expect(await served.conditions("HTTPRoute", "bad")).toEqual([
      "Accepted=False/UnsupportedValue",
      "ResolvedRefs=True/ResolvedRefs",
      "trilith.dev/Programmed=False/NotAccepted",
    ]);
  });

  test.each(Object.entries(guarded))("%s does not end Envoy", async (_name, rule) => {
    const path = `/${crypto.randomUUID()}`;
    const checked = { ...rule, matches: [under(`${path}/checked`)] };
    const guardedRoute = route({ name: "bad", parent: "edge", hostnames: ["shop.test"], rules: [checked] });
    served.write("shop.yaml", [guardedRoute, good(path)]);
    await served.until("the good route of the same edit", async () => (await answerOf(path)) === 200);
    const pid = served.envoyPid();
    expect([await answerOf(`${path}/checked`), await answerOf(path), served.envoyPid()]).toEqual([200, 200, pid]);
  });

  test.each([
    [
      "has another filter that cannot be carried out",
      { ...checkedBy("guard", removing("Request", ":path")), matches: [under("/private")] },
    ],
    [
      "has a match that cannot be read",
      { ...checkedBy("guard"), matches: [{ path: { type: "RegularExpression", value: "/private/(?=\\d)" } }] },
    ],
    ["asks a service that does not exist", { ...checkedBy("nobody"), matches: [under("/private")] }],
  ])("requests of a guarded rule that %s do not pass by another rule", async (_what, rule) => {
    const host = `${crypto.randomUUID()}.test`;
    const stated = (name: string, rules: object[]): Manifest =>
      route({ name, parent: "edge", hostnames: [host], rules });
    served.write("shop.yaml", [stated("guarded", [rule]), stated("open", [{ backendRefs: [to("one")] }])]);
    const statusOf = async (path: string): Promise<number> => (await plainRequest(port, host, path)).status;
    await served.until("the open rule", async () => (await statusOf("/public")) === 200);
    expect(await statusOf("/private/1")).toBe(500);
  });

  test("every group of characters that may be named is one that Envoy knows", async () => {
    const path = `/${crypto.randomUUID()}`;
    // A rule has room for 64 matches.
    const expressions = [...UNICODE_GROUPS].map((group) => `/groups/\\p{${group}}\\P{${group}}`);
    const all = Array.from({ length: Math.ceil(expressions.length / 64) }, (_, index) => {
      const own = expressions.slice(index * 64, (index + 1) * 64);
      const matches = own.map((value) => ({ path: { type: "RegularExpression", value } }));
      const named = { name: `groups-${index}`, parent: "edge", hostnames: ["shop.test"] };
      return route({ ...named, rules: [{ matches, backendRefs: [to("one")] }] });
    });
    served.write("shop.yaml", [...all, good(path)]);
    await served.until("the good route of the same edit", async () => (await answerOf(path)) === 200);
    const accepted = all.map(async (_, index) => (await served.conditions("HTTPRoute", `groups-${index}`))[0]);
    expect(await Promise.all(accepted)).toEqual(all.map(() => "Accepted=True/Accepted"));
  });

  test("Envoy has refused nothing", async () => {
    const answers = [...(await served.metrics()).keys()].flatMap(
      (series) => /^trilith_xds_answers_total\{.*answer="(\w+)"/.exec(series)?.[1] ?? [],
    );
    expect([answers.includes("acknowledged"), answers.includes("refused")]).toEqual([true, false]);
  });
});
