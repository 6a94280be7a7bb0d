/** Official tests of HTTPRoute: which Gateway, listener, host and route a request belongs to. */
import { expectAnswers, type Exchange } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { expectAccepted, expectListeners, expectParents, expectRouteConditions } from "./summaries.ts";

const [v1, v2, v3] = ["infra-backend-v1", "infra-backend-v2", "infra-backend-v3"] as const;
const infra = "gateway-conformance-infra";
const resolved = { ResolvedRefs: "True ResolvedRefs" };
const replay = officialTests();

replay("HTTPRouteHostnameIntersection", ["httproute-hostname-intersection"], async (world) => {
  const attached = [
    "specific-host-matches-listener-specific-host",
    "specific-host-matches-listener-wildcard-host",
    "wildcard-host-matches-listener-specific-host",
    "wildcard-host-matches-listener-wildcard-host",
  ].map((name) => `HTTPRoute ${name}`);
  await expectAccepted(world, "httproute-hostname-intersection", ...attached);
  for (const route of attached) await expectRouteConditions(world, route, resolved);
  await expectParents(world, "HTTPRoute no-intersecting-hosts", {
    [`${infra}/httproute-hostname-intersection`]: { Accepted: "False NoMatchingListenerHostname" },
  });
  const serving = { Accepted: "True", ResolvedRefs: "True" };
  await expectListeners(world, "Gateway httproute-hostname-intersection", {
    "listener-1": { attached: 2, kinds: ["HTTPRoute"], conditions: serving },
    "listener-2": { attached: 1, kinds: ["HTTPRoute"], conditions: serving },
    "listener-3": { attached: 1, kinds: ["HTTPRoute"], conditions: serving },
  });
  const asked = (path: string, answers: Readonly<Record<string, number | string>>): Exchange[] =>
    Object.entries(answers).map(([host, answer]) => [{ host, path }, answer]);
  await expectAnswers(world, "httproute-hostname-intersection", [
    ...asked("/s1", {
      "very.specific.com": v1,
      "very.specific.com:1234": v1,
      "non.matching.com": 404,
      "foo.nonmatchingwildcard.io": 404,
      "foo.wildcard.io": 404,
    }),
    ...asked("/s2", {
      "foo.wildcard.io": v2,
      "bar.wildcard.io": v2,
      "foo.bar.wildcard.io": v2,
      "non.matching.com": 404,
      "wildcard.io": 404,
      "very.specific.com": 404,
    }),
    ...asked("/s3", {
      "very.specific.com": v3,
      "non.matching.com": 404,
      "foo.specific.com": 404,
      "foo.wildcard.io": 404,
    }),
    ...asked("/s4", {
      "foo.anotherwildcard.io": v1,
      "bar.anotherwildcard.io": v1,
      "foo.bar.anotherwildcard.io": v1,
      "anotherwildcard.io": 404,
      "foo.wildcard.io": 404,
      "very.specific.com": 404,
    }),
    ...asked("/s5", { "specific.but.wrong.com": 404, "wildcard.io": 404 }),
    ...asked("/non-matching-prefix", {
      "very.specific.com": 404,
      "foo.wildcard.io": 404,
      "foo.anotherwildcard.io": 404,
    }),
  ]);
  await expectAccepted(world, "httproute-hostname-intersection-all", "HTTPRoute httproute-hostname-intersection-all");
  await expectAnswers(
    world,
    "httproute-hostname-intersection-all",
    asked("/", {
      "first.com": v2,
      "sub.first.com": v2,
      "second.com": v2,
      "sub.second.com": v2,
      "third.com": 404,
      "sub.third.com": 404,
    }),
  );
});

replay("HTTPRouteListenerHostnameMatching", ["httproute-listener-hostname-matching"], async (world) => {
  const gateway = "httproute-listener-hostname-matching";
  await expectAccepted(world, gateway);
  const parent = (section: string): string => `${infra}/${gateway}#${section}`;
  const accepted = { Accepted: "True Accepted", ...resolved };
  await expectParents(world, "HTTPRoute backend-v1", { [parent("listener-1")]: accepted });
  await expectParents(world, "HTTPRoute backend-v2", { [parent("listener-2")]: accepted });
  await expectParents(world, "HTTPRoute backend-v3", {
    [parent("listener-3")]: accepted,
    [parent("listener-4")]: accepted,
  });
  await expectAnswers(world, gateway, [
    [{ host: "bar.com" }, v1],
    [{ host: "foo.bar.com" }, v2],
    [{ host: "baz.bar.com" }, v3],
    [{ host: "boo.bar.com" }, v3],
    [{ host: "multiple.prefixes.bar.com" }, v3],
    [{ host: "multiple.prefixes.foo.com" }, v3],
    [{ host: "foo.com" }, 404],
    [{ host: "no.matching.host" }, 404],
  ]);
});

replay("HTTPRouteListenerPortMatching", ["httproute-listener-port-matching"], async (world) => {
  const gateway = "httproute-listener-port-matching";
  await expectAccepted(world, gateway);
  const accepted = { Accepted: "True Accepted", ...resolved };
  await expectParents(world, "HTTPRoute backend-v1", { [`${infra}/${gateway}:80`]: accepted });
  await expectParents(world, "HTTPRoute backend-v2", { [`${infra}/${gateway}:8080`]: accepted });
  await expectParents(world, "HTTPRoute backend-v3", { [`${infra}/${gateway}#listener-4:8090`]: accepted });
  await expectAnswers(world, gateway, [
    [{ host: "foo.com" }, v1],
    [{ host: "foo.com:8080", port: 8080 }, v2],
    [{ host: "bar.com:8080", port: 8080 }, v2],
    [{ host: "foo.com:8090", port: 8090 }, v3],
    [{ host: "bar.com:8090", port: 8090 }, 404],
  ]);
});

replay("HTTPRouteMultipleGateways", ["httproute-multiple-gateways"], async (world) => {
  await expectAccepted(
    world,
    "same-namespace",
    "HTTPRoute multiple-gateways-shared-route",
    "HTTPRoute same-namespace-dedicated-route",
  );
  await expectAccepted(world, "all-namespaces", "HTTPRoute all-namespaces-dedicated-route");
  await expectAnswers(world, "same-namespace", [
    ["/shared", v1],
    ["/", v2],
  ]);
  await expectAnswers(world, "all-namespaces", [
    ["/shared", v1],
    ["/", v3],
  ]);
});

replay("HTTPRouteCrossNamespace", ["httproute-cross-namespace"], async (world) => {
  await expectAccepted(world, "backend-namespaces", "HTTPRoute web/cross-namespace");
  await expectRouteConditions(world, "HTTPRoute web/cross-namespace", resolved);
  await expectAnswers(world, "backend-namespaces", [["/", "web/web-backend"]]);
});

replay("HTTPRouteHTTPSListener", ["httproute-https-listener"], async (world) => {
  await expectAccepted(
    world,
    "same-namespace-with-https-listener",
    "HTTPRoute httproute-https-test",
    "HTTPRoute httproute-https-test-no-hostname",
  );
  for (const [host, answer] of [
    ["example.org", v1],
    ["unknown-example.org", 404],
    ["second-example.org", v2],
  ] as const)
    await expectAnswers(world, "same-namespace-with-https-listener", [[{ host, tls: trusting(world, host) }, answer]]);
});

replay(
  "HTTPRouteHTTPSListenerDetectMisdirectedRequests",
  ["httproute-https-listener-detect-misdirected-requests"],
  async (world) => {
    const routes = [1, 2, 3, 4].map((number) => `HTTPRoute https-listener-detect-misdirected-requests-test-${number}`);
    await expectAccepted(world, "same-namespace-with-https-listener", ...routes);
    const [first, second, unknown] = ["example.org", "second-example.org", "unknown-example.org"] as const;
    const [third, fourth, fifth] = [
      "third-example.wildcard.org",
      "fourth-example.wildcard.org",
      "fith-example.wildcard.org",
    ] as const;
    const cases = [
      [first, first, v1],
      [first, second, 421],
      [first, unknown, 404],
      [second, second, v2],
      [second, first, 421],
      [second, unknown, 421],
      [third, third, v3],
      [third, fifth, v3],
      [third, fourth, 421],
      [third, second, 421],
      [third, unknown, 421],
      [fourth, fourth, v1],
      [fourth, fifth, 421],
      [unknown, first, v1],
      [unknown, unknown, 404],
    ] as const;
    await expectAnswers(
      world,
      "same-namespace-with-https-listener",
      cases.map(([serverName, host, answer]) => [
        { host, path: "/detect-misdirected-requests", tls: trusting(world, serverName), http2: true },
        answer,
      ]),
    );
  },
);

function trusting(world: OfficialWorld, servername: string): { servername: string; ca: string } {
  return { servername, ca: world.certificates.authorities.get(`${infra}/tls-validity-checks-certificate`) ?? "" };
}

replay(
  "HTTPRouteMultipleRoutesAttachmentSameHostnameIntersection",
  ["httproute-multiple-routes-attachment-same-hostname-intersection"],
  async (world) => {
    const path = { path: { type: "PathPrefix", value: "/path" } };
    const header = { ...path, headers: [{ type: "Exact", name: "Header-A", value: "A" }] };
    const [long, both, onlyB] = [
      "/path/prefix/longer",
      { "header-a": "A", "header-b": "B" },
      { "header-b": "B" },
    ] as const;
    const scenarios: readonly (readonly [kind: string, hostname: string])[] = [
      ["exact-hostname-x", "abc.example.com"],
      ["wc-hostname-x", "*.example.com"],
    ];
    for (const [kind, hostname] of scenarios) {
      const add = async (suffix: string, matches: readonly object[]): Promise<void> => {
        const spec = {
          parentRefs: [{ name: `gw-httproute-${kind}${suffix}` }],
          hostnames: [hostname],
          rules: [{ ...(matches.length > 0 && { matches }), backendRefs: [{ name: v2, port: 8080 }] }],
        };
        const name = `newer-${kind}${suffix}`;
        await world.apply({
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "HTTPRoute",
          metadata: { name, namespace: infra },
          spec,
        });
        await expectAccepted(world, `gw-httproute-${kind}${suffix}`, `HTTPRoute ${name}`);
      };
      await add("", []);
      await add("-path", [path]);
      await add("-path-header", [header]);
      const host = "abc.example.com";
      await expectAnswers(world, `gw-httproute-${kind}`, [[{ host }, v2]]);
      await expectAnswers(world, `gw-httproute-${kind}-path`, [[{ host, path: long }, v2]]);
      await expectAnswers(world, `gw-httproute-${kind}-path-header`, [
        [{ host, path: long, headers: both }, v2],
        [{ host, path: long, headers: onlyB }, v1],
      ]);
    }
  },
);
