/** Official tests of HTTPRoute: redirects, rewrites, and headers added, set and removed. */
import { expectAnswers, type Exchange, type Redirect } from "./exchange.ts";
import { officialTests } from "./official-test.ts";
import type { OfficialWorld } from "./official-world.ts";
import { expectAccepted, expectRouteConditions } from "./summaries.ts";

const [v1, v2] = ["infra-backend-v1", "infra-backend-v2"] as const;
const host = "example.org";
const replay = officialTests();

async function expectRedirects(
  world: OfficialWorld,
  route: string,
  redirects: readonly (readonly [path: string, status: number, redirect: Redirect])[],
): Promise<void> {
  await expectAccepted(world, "same-namespace", `HTTPRoute ${route}`);
  await expectRouteConditions(world, `HTTPRoute ${route}`, { ResolvedRefs: "True ResolvedRefs" });
  await expectAnswers(
    world,
    "same-namespace",
    redirects.map(([path, status, redirect]) => [path, { status, redirect }]),
  );
}

replay("HTTPRoute303Redirect", ["httproute-303-redirect"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute 303-redirect");
  const redirect = { path: "/see-other" };
  await expectAnswers(world, "same-namespace", [
    [
      { method: "POST", path: "/see-other" },
      { status: 303, redirect },
    ],
  ]);
});

replay("HTTPRoute307Redirect", ["httproute-307-redirect"], async (world) => {
  await expectRedirects(world, "307-redirect", [["/temporary", 307, {}]]);
});

replay("HTTPRoute308Redirect", ["httproute-308-redirect"], async (world) => {
  await expectRedirects(world, "308-redirect", [["/permanent", 308, {}]]);
});

replay("HTTPRouteRedirectHostAndStatus", ["httproute-redirect-host-and-status"], async (world) => {
  await expectRedirects(world, "redirect-host-and-status", [
    ["/hostname-redirect", 302, { host }],
    ["/host-and-status", 301, { host }],
  ]);
});

replay("HTTPRouteRedirectPath", ["httproute-redirect-path"], async (world) => {
  await expectRedirects(world, "redirect-path", [
    ["/original-prefix/lemon", 302, { path: "/replacement-prefix/lemon" }],
    ["/full/path/original", 302, { path: "/full-path-replacement" }],
    ["/path-and-host", 302, { host, path: "/replacement-prefix" }],
    ["/path-and-status", 301, { path: "/replacement-prefix" }],
    ["/full-path-and-host", 302, { host, path: "/replacement-full" }],
    ["/full-path-and-status", 301, { path: "/replacement-full" }],
  ]);
});

replay("HTTPRouteRedirectPort", ["httproute-redirect-port"], async (world) => {
  await expectRedirects(world, "redirect-port", [
    ["/port", 302, { port: "8083" }],
    ["/port-and-host", 302, { port: "8083", host }],
    ["/port-and-status", 301, { port: "8083" }],
    ["/port-and-host-and-status", 302, { port: "8083", host }],
  ]);
});

replay("HTTPRouteRedirectScheme", ["httproute-redirect-scheme"], async (world) => {
  await expectRedirects(world, "redirect-scheme", [
    ["/scheme", 302, { scheme: "https" }],
    ["/scheme-and-host", 302, { scheme: "https", host }],
    ["/scheme-and-status", 301, { scheme: "https" }],
    ["/scheme-and-host-and-status", 302, { scheme: "https", host }],
  ]);
});

replay("HTTPRouteRedirectPortAndScheme", ["httproute-redirect-port-and-scheme"], async (world) => {
  const redirects = (answers: Readonly<Record<string, Redirect>>): Exchange[] =>
    Object.entries(answers).map(([path, redirect]) => [`/${path}`, { status: 302, redirect: { host, ...redirect } }]);
  await expectAccepted(world, "same-namespace", "HTTPRoute http-route-for-listener-on-port-80");
  await expectAnswers(
    world,
    "same-namespace",
    redirects({
      "scheme-nil-and-port-nil": {},
      "scheme-nil-and-port-80": { port: "80" },
      "scheme-nil-and-port-8080": { port: "8080" },
      "scheme-https-and-port-nil": { scheme: "https" },
      "scheme-https-and-port-443": { scheme: "https" },
      "scheme-https-and-port-8443": { scheme: "https", port: "8443" },
    }),
  );
  await expectAccepted(
    world,
    "same-namespace-with-http-listener-on-8080",
    "HTTPRoute http-route-for-listener-on-port-8080",
  );
  await expectAnswers(
    world,
    "same-namespace-with-http-listener-on-8080",
    redirects({
      "scheme-nil-and-port-nil": {},
      "scheme-nil-and-port-80": { port: "80" },
      "scheme-https-and-port-nil": { scheme: "https" },
    }),
    { port: 8080 },
  );
  await expectAccepted(world, "same-namespace-with-https-listener", "HTTPRoute http-route-for-listener-on-port-443");
  await expectAnswers(
    world,
    "same-namespace-with-https-listener",
    redirects({
      "scheme-nil-and-port-nil": {},
      "scheme-nil-and-port-443": { port: "443" },
      "scheme-nil-and-port-8443": { port: "8443" },
      "scheme-http-and-port-nil": { scheme: "http" },
      "scheme-http-and-port-80": { scheme: "http" },
      "scheme-http-and-port-8080": { scheme: "http", port: "8080" },
    }),
    { host, tls: { servername: host } },
  );
});

const modified: Exchange = [
  "unused",
  {
    sees: {
      headers: {
        "x-header-add": "header-val-1",
        "x-header-add-append": "append-val-1,header-val-2",
        "x-header-set": "set-overwrites-values",
      },
      without: ["x-header-remove"],
    },
  },
];
const modifiedHeaders = { "x-header-remove": "remove-val", "x-header-add-append": "append-val-1" };
const modifiedSees = typeof modified[1] === "object" ? (modified[1].sees ?? {}) : {};

replay("HTTPRouteRewriteHost", ["httproute-rewrite-host"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute rewrite-host");
  const last = { backend: v2, sees: { host: "test.example.org", ...modifiedSees } };
  await expectAnswers(
    world,
    "same-namespace",
    [
      ["/one", { backend: v1, sees: { host: "one.example.org" } }],
      ["/two", { backend: v2, sees: { host } }],
      [{ path: "/rewrite-host-and-modify-headers", headers: modifiedHeaders }, last],
    ],
    { host: "rewrite.example" },
  );
});

replay("HTTPRouteRewritePath", ["httproute-rewrite-path"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute rewrite-path");
  const headers = { ...modifiedHeaders, "x-header-set": "set-val" };
  await expectAnswers(world, "same-namespace", [
    ["/prefix/one/two", { backend: v1, sees: { path: "/one/two" } }],
    ["/strip-prefix/three", { backend: v1, sees: { path: "/three" } }],
    ["/strip-prefix", { backend: v1, sees: { path: "/" } }],
    ["/full/one/two", { backend: v1, sees: { path: "/one" } }],
    [
      { path: "/full/rewrite-path-and-modify-headers/test", headers },
      { backend: v1, sees: { path: "/test", ...modifiedSees } },
    ],
    [
      { path: "/prefix/rewrite-path-and-modify-headers/one", headers },
      { backend: v1, sees: { path: "/prefix/one", ...modifiedSees } },
    ],
  ]);
});

replay("HTTPRouteBackendURLRewrite", ["httproute-backend-url-rewrite"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute backend-url-rewrite");
  await expectAnswers(world, "same-namespace", [
    ["/full/original", { backend: v1, sees: { path: "/rewritten-full" } }],
    ["/prefix/original", { backend: v1, sees: { path: "/rewritten-prefix/original" } }],
  ]);
});

async function expectRequestHeaders(world: OfficialWorld): Promise<void> {
  await expectAccepted(world, "same-namespace", "HTTPRoute request-header-modifier");
  await expectRouteConditions(world, "HTTPRoute request-header-modifier", { ResolvedRefs: "True" });
  const other = { "some-other-header": "val" };
  const set = { headers: { ...other, "x-header-set": "set-overwrites-values" } };
  await expectAnswers(world, "same-namespace", [
    [
      { path: "/set", headers: other },
      { backend: v1, sees: set },
    ],
    [
      { path: "/set", headers: { ...other, "X-Header-Set": "some-other-value" } },
      { backend: v1, sees: set },
    ],
    [
      { path: "/add", headers: other },
      { backend: v1, sees: { headers: { ...other, "x-header-add": "add-appends-values" } } },
    ],
    [
      { path: "/add", headers: { ...other, "X-Header-Add": "some-other-value" } },
      { backend: v1, sees: { headers: { ...other, "x-header-add": "some-other-value,add-appends-values" } } },
    ],
    [
      { path: "/remove", headers: { "X-Header-Remove": "val" } },
      { backend: v1, sees: { without: ["x-header-remove"] } },
    ],
    [
      {
        path: "/multiple",
        headers: {
          "X-Header-Set-2": "set-val-2",
          "X-Header-Add-2": "add-val-2",
          "X-Header-Remove-2": "remove-val-2",
          "Another-Header": "kept",
        },
      },
      {
        backend: v1,
        sees: {
          headers: { ...severalHeaders, "another-header": "kept" },
          without: ["x-header-remove-1", "x-header-remove-2"],
        },
      },
    ],
    [
      {
        path: "/case-insensitivity",
        headers: {
          "x-header-set": "original-val-set",
          "x-header-add": "original-val-add",
          "x-header-remove": "original",
          "Another-Header": "kept",
        },
      },
      {
        backend: v1,
        sees: {
          headers: {
            "x-header-set": "header-set",
            "x-header-add": "original-val-add,header-add",
            "another-header": "kept",
          },
          without: ["x-header-remove"],
        },
      },
    ],
  ]);
}

const severalHeaders = {
  "x-header-set-1": "header-set-1",
  "x-header-set-2": "header-set-2",
  "x-header-add-1": "header-add-1",
  "x-header-add-2": "add-val-2,header-add-2",
  "x-header-add-3": "header-add-3",
};

replay("HTTPRouteRequestHeaderModifier", ["httproute-request-header-modifier"], expectRequestHeaders);
replay("HTTPRouteBackendRequestHeaderModifier", ["httproute-request-header-modifier-backend"], expectRequestHeaders);

replay("HTTPRouteResponseHeaderModifier", ["httproute-response-header-modifier"], async (world) => {
  await expectAccepted(world, "same-namespace", "HTTPRoute response-header-modifier");
  const setting = (headers: Readonly<Record<string, string>>): Record<string, string> => ({
    "X-Echo-Set-Header": Object.entries(headers)
      .map(([name, value]) => `${name}:${value}`)
      .join(","),
  });
  const other = { "Some-Other-Header": "val" };
  const set = { ...other, "x-header-set": "set-overwrites-values" };
  const several = {
    "X-Header-Set-2": "set-val-2",
    "X-Header-Add-2": "add-val-2",
    "X-Header-Remove-2": "gone",
    "Another-Header": "kept",
    "X-Header-Remove-1": "gone",
  };
  const { "x-header-add-3": third, ...withoutThird } = severalHeaders;
  const without = ["x-header-remove-1", "x-header-remove-2"];
  await expectAnswers(world, "same-namespace", [
    [
      { path: "/set", headers: setting(other) },
      { backend: v1, headers: set },
    ],
    [
      { path: "/set", headers: setting({ ...other, "X-Header-Set": "some-other-value" }) },
      { backend: v1, headers: set },
    ],
    [
      { path: "/add", headers: setting(other) },
      { backend: v1, headers: { ...other, "x-header-add": "add-appends-values" } },
    ],
    [
      { path: "/add", headers: setting({ ...other, "X-Header-Add": "some-other-value" }) },
      { backend: v1, headers: { ...other, "x-header-add": "some-other-value,add-appends-values" } },
    ],
    [
      { path: "/remove", headers: setting({ "X-Header-Remove": "val" }) },
      { backend: v1, without: ["x-header-remove"] },
    ],
    [
      { path: "/multiple", headers: setting(several) },
      { backend: v1, headers: { ...withoutThird, "x-header-add-3": third, "another-header": "kept" }, without },
    ],
    [
      {
        path: "/case-insensitivity",
        headers: setting({
          "x-header-set": "original",
          "x-header-add": "original-val-add",
          "x-header-remove": "gone",
          "Another-Header": "kept",
        }),
      },
      {
        backend: v1,
        headers: {
          "x-header-set": "header-set",
          "x-header-add": "original-val-add,header-add",
          "x-lowercase-add": "lowercase-add",
          "x-mixedcase-add-1": "mixedcase-add-1",
          "x-mixedcase-add-2": "mixedcase-add-2",
          "x-uppercase-add": "uppercase-add",
          "another-header": "kept",
        },
        without: ["x-header-remove"],
      },
    ],
    [
      {
        path: "/response-and-request-header-modifiers",
        headers: { ...modifiedHeaders, "x-header-echo": "echo", ...setting({ ...several, "X-Header-Echo": "echo" }) },
      },
      {
        backend: v1,
        sees: { ...modifiedSees, headers: { ...modifiedSees.headers, "x-header-echo": "echo" } },
        headers: { ...withoutThird, "another-header": "kept", "x-header-echo": "echo" },
        without,
      },
    ],
  ]);
});

replay("HTTPRouteCORS", ["httproute-cors"], async (world) => {
  const names = ["multiple-origins-methods-headers", "wildcard-methods", "wildcard-origin", "wildcard-methods-headers"];
  await expectAccepted(world, "same-namespace", ...names.map((name) => `HTTPRoute cors-${name}`));
  const ask = (path: string, origin: string, method: string, headers?: string): Exchange[0] => ({
    path,
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      ...(headers !== undefined && { "access-control-request-headers": headers }),
    },
  });
  const [credentials, origin] = ["access-control-allow-credentials", "access-control-allow-origin"] as const;
  const [methods, headers] = ["access-control-allow-methods", "access-control-allow-headers"] as const;
  const asked = "x-header-1, x-header-2";
  const status = [200, 204];
  const full = (from: string): Exchange[1] => ({
    status,
    headers: {
      [origin]: from,
      [methods]: ["GET, OPTIONS", "OPTIONS, GET"],
      [headers]: [asked, "x-header-2, x-header-1"],
      "access-control-expose-headers": ["x-header-3, x-header-4", "x-header-4, x-header-3"],
      "access-control-max-age": "3600",
      [credentials]: "true",
    },
  });
  const [foo, bar, stranger, other] = [
    "https://www.foo.com",
    "https://www.bar.com",
    "https://foobar.com",
    "https://other.foo.com",
  ] as const;
  const simple = (path: string, from: string, method = "GET"): Exchange[0] => ({
    path,
    method,
    headers: { origin: from },
  });
  const all = "/cors-wildcard-methods-headers";
  await expectAnswers(world, "same-namespace", [
    ...[foo, bar, "https://xpto.www.bar.com"].map((from): Exchange => [ask("/cors-1", from, "GET", asked), full(from)]),
    [ask("/cors-1", stranger, "GET"), { status: [200, 204, 403], without: [origin] }],
    [simple("/cors-1", foo), { backend: v1, headers: { [origin]: foo } }],
    [simple("/cors-1", bar), { backend: v1, headers: { [origin]: bar } }],
    [simple("/cors-1", stranger), { backend: v1, without: [origin] }],
    [
      ask("/cors-2", foo, "POST"),
      { status, headers: { [origin]: foo, [methods]: ["POST", "*"] }, without: [credentials] },
    ],
    ...[stranger, `${stranger}:12345`].flatMap((from): Exchange[] => [
      [
        ask("/cors-wildcard-origin", from, "PUT"),
        { status, headers: { [origin]: [from, "*"], [methods]: "PUT" }, without: [credentials] },
      ],
      [
        simple("/cors-wildcard-origin", from, "PUT"),
        { backend: v1, headers: { [origin]: [from, "*"] }, without: [credentials] },
      ],
    ]),
    [
      ask(all, other, "PUT", asked),
      {
        status,
        headers: {
          [origin]: other,
          [methods]: "PUT",
          [headers]: [asked, "x-header-2, x-header-1"],
          [credentials]: "true",
        },
      },
    ],
    [
      ask(`${all}-unauth`, other, "PUT", asked),
      {
        status,
        headers: { [origin]: [other, "*"], [methods]: ["PUT", "*"], [headers]: [asked, "x-header-2, x-header-1", "*"] },
        without: [credentials],
      },
    ],
    [simple(all, other), { backend: v1, headers: { [origin]: other, [credentials]: "true" } }],
    [simple(`${all}-unauth`, other), { backend: v1, headers: { [origin]: [other, "*"] }, without: [credentials] }],
  ]);
});
